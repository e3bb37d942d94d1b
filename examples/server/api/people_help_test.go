package api_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// branch is what the directory of the tests is called.
const branch = "branch-office"

// branchOffice is a directory of two people.
type branchOffice struct{}

func (branchOffice) Name() string { return branch }

func (branchOffice) Abilities() userman.Abilities { return userman.Abilities{Sync: true} }

func (branchOffice) Authenticate(ctx context.Context, _ string, _ store.Secret) (bool, error) {
	return false, ctx.Err()
}

func (branchOffice) Each(_ context.Context, visit func(userman.Entry) error) error {
	for _, username := range []string{"ann", "bob"} {
		if err := visit(userman.Entry{ExternalID: username, User: &userman.User{Username: username}, Owned: []string{"username"}}); err != nil {
			return err
		}
	}
	return nil
}

// pjsip has every extension.
type pjsip struct{}

func (pjsip) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: "PJSIP", Username: extension, Secret: store.NewSecret("not a secret"), Domain: "pbx.example.com"}, nil
}

// withBranch gives the people a directory, and softphones.
func withBranch(o *userman.Options) {
	o.Directories = append(o.Directories, branchOffice{})
	o.SIPAccounts = pjsip{}
}

// referTo refers to everybody.
func referTo(context.Context, *userman.User) ([]store.Reference, error) {
	return []store.Reference{{Kind: "call flow", Key: "reception"}}, nil
}

// person makes somebody.
func (h *harness) person(t *testing.T, u userman.User) *userman.User {
	t.Helper()
	made, err := h.Site.People.Create(t.Context(), userman.NewUser{User: &u, Password: store.NewSecret(password), NoDefaultGroups: true})
	require.NoError(t, err)
	return made
}

func (h *harness) group(t *testing.T, g userman.Group) {
	t.Helper()
	_, err := h.Site.People.CreateGroup(t.Context(), &g)
	require.NoError(t, err)
}

// withPerson makes a person who has the name of the administrator of other
// trials, in a group.
func withPerson(t *testing.T, h *harness, _ *visitor) any {
	t.Helper()
	h.group(t, userman.Group{Name: "Sales", Permissions: userman.Permissions{userman.VoicemailDownload: userman.Off()}})
	h.person(t, userman.User{
		Username: "jane.admin", FirstName: "Jane", Email: "jane@example.com", DefaultExtension: "4001", Groups: []string{"Sales"},
		Permissions: userman.Permissions{
			userman.XMPPLogin: userman.On(), userman.RESTUse: userman.On(), userman.PhoneAppsModules: userman.Replace("contacts"),
			userman.HistoryExtensions: userman.Extend("4100"),
		},
	})
	return nil
}

func withDeleted(t *testing.T, h *harness, v *visitor) any {
	t.Helper()
	withPerson(t, h, v)
	u, err := h.Site.People.Get(t.Context(), "jane.admin")
	require.NoError(t, err)
	require.NoError(t, h.Site.People.Delete(t.Context(), "jane.admin"))
	h.id = u.ID
	return nil
}

func withToken(t *testing.T, h *harness, v *visitor) any {
	t.Helper()
	withAuthorization(t, h, v)
	return nil
}

func withAuthorization(t *testing.T, h *harness, v *visitor) any {
	t.Helper()
	withPerson(t, h, v)
	made, key, err := h.Site.People.CreateToken(t.Context(), "jane.admin", &userman.Token{Modules: []string{"contacts"}})
	require.NoError(t, err)
	h.id = made.ID
	return map[string]any{"token": made.ID, "key": key.Reveal(), "module": "contacts", "extension": "4001", "address": "192.0.2.7"}
}

func withPhoneAuthorization(t *testing.T, h *harness, v *visitor) any {
	t.Helper()
	withPerson(t, h, v)
	return map[string]any{"extension": "4001", "module": "contacts"}
}

func withVerification(t *testing.T, h *harness, v *visitor) any {
	t.Helper()
	withPerson(t, h, v)
	return map[string]any{"service": "xmpp", "username": "JANE.admin", "password": password, "address": "192.0.2.7"}
}

func asMembers(t *testing.T, h *harness, v *visitor) any {
	t.Helper()
	withPerson(t, h, v)
	return map[string]any{"usernames": []any{"Jane.Admin"}}
}

func afterWelcomes(t *testing.T, _ *harness, v *visitor) any {
	t.Helper()
	v.call(t, http.MethodPost, "/welcome-mails", nil).is(t, http.StatusOK)
	return nil
}

func afterSync(t *testing.T, _ *harness, v *visitor) any {
	t.Helper()
	v.call(t, http.MethodPost, "/directories/"+branch+"/sync", nil).is(t, http.StatusOK)
	return nil
}

// pictureFile is a PNG.
func pictureFile(t *testing.T) string {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 300, 400))
	picture.Set(10, 10, color.White)
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, picture))
	return file.String()
}

func withPersonAndFile(t *testing.T, h *harness, v *visitor) any {
	t.Helper()
	withPerson(t, h, v)
	return pictureFile(t)
}

func withPicture(t *testing.T, h *harness, v *visitor) any {
	t.Helper()
	withPerson(t, h, v)
	_, err := h.Site.People.SetPicture(t.Context(), "jane.admin", bytes.NewReader([]byte(pictureFile(t))))
	require.NoError(t, err)
	return nil
}
