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
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// directoryName is what the directory of the tests is called.
const directoryName = "branch-office"

// fakeDirectory is a directory of two people.
type fakeDirectory struct{}

func (fakeDirectory) Name() string { return directoryName }

func (fakeDirectory) Capabilities() userman.Capabilities { return userman.Capabilities{Sync: true} }

func (fakeDirectory) Authenticate(ctx context.Context, _ string, _ store.Secret) (bool, error) {
	return false, ctx.Err()
}

func (fakeDirectory) Each(_ context.Context, visit func(userman.DirectoryEntry) error) error {
	for _, username := range []string{"ann", "bob"} {
		if err := visit(userman.DirectoryEntry{ExternalID: username, User: &userman.User{Username: username}, ManagedFields: []string{"username"}}); err != nil {
			return err
		}
	}
	return nil
}

// fakeSIPAccounts has every extension.
type fakeSIPAccounts struct{}

func (fakeSIPAccounts) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{Technology: "PJSIP", Username: extension, Secret: store.NewSecret("not a secret"), Domain: "pbx.example.com"}, nil
}

// withDirectory gives the people a directory, and softphones.
func withDirectory(o *userman.Options) {
	o.Directories = append(o.Directories, fakeDirectory{})
	o.SIPAccounts = fakeSIPAccounts{}
}

// referenceEveryUser refers to everybody.
func referenceEveryUser(context.Context, *userman.User) ([]store.Reference, error) {
	return []store.Reference{{Kind: "call flow", Key: "reception"}}, nil
}

// createUser makes somebody.
func (h *harness) createUser(t *testing.T, u userman.User) *userman.User {
	t.Helper()
	created, err := h.Site.Users.Create(t.Context(), userman.NewUser{User: &u, Password: store.NewSecret(password), NoDefaultGroups: true})
	require.NoError(t, err)
	return created
}

func (h *harness) createGroup(t *testing.T, g userman.Group) {
	t.Helper()
	_, err := h.Site.Users.Groups().Create(t.Context(), &g)
	require.NoError(t, err)
}

// withUser makes a person who has the name of the administrator of other
// trials, in a group.
func withUser(t *testing.T, h *harness, _ *apiClient) any {
	t.Helper()
	h.createGroup(t, userman.Group{Name: "Sales", Permissions: permission.Permissions{permission.VoicemailDownload: permission.Off()}})
	h.createUser(t, userman.User{
		Username: "jane.admin", FirstName: "Jane", Email: "jane@example.com", DefaultExtension: "4001", Groups: []string{"Sales"},
		Permissions: permission.Permissions{
			permission.XMPPLogin: permission.On(), permission.RESTUse: permission.On(), permission.PhoneAppsModules: permission.Set("contacts"),
			permission.HistoryExtensions: permission.Append("4100"),
		},
	})
	return nil
}

func withDeleted(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	u, err := h.Site.Users.Get(t.Context(), "jane.admin")
	require.NoError(t, err)
	require.NoError(t, h.Site.Users.Delete(t.Context(), "jane.admin"))
	h.id = string(u.ID)
	return nil
}

func withToken(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withAuthorization(t, h, v)
	return nil
}

func withAuthorization(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	created, key, err := h.Site.Tokens.Create(t.Context(), "jane.admin", &apitoken.Token{Modules: []string{"contacts"}})
	require.NoError(t, err)
	h.id = string(created.ID)
	return map[string]any{"token": string(created.ID), "key": key.Reveal(), "module": "contacts", "extension": "4001", "address": "192.0.2.7"}
}

func withPhoneAuthorization(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	return map[string]any{"extension": "4001", "module": "contacts"}
}

func withVerification(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	return map[string]any{"service": "xmpp", "username": "JANE.admin", "password": password, "address": "192.0.2.7"}
}

func withMembersBody(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	return map[string]any{"usernames": []any{"Jane.Admin"}}
}

func withNumbersBody(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	return map[string]any{"numbers": map[string]any{"4001": "4002"}}
}

func afterWelcomeMails(t *testing.T, _ *harness, v *apiClient) any {
	t.Helper()
	v.call(t, http.MethodPost, "/welcome-mails", nil).requireStatus(t, http.StatusOK)
	return nil
}

func afterSync(t *testing.T, _ *harness, v *apiClient) any {
	t.Helper()
	v.call(t, http.MethodPost, "/directories/"+directoryName+"/sync", nil).requireStatus(t, http.StatusOK)
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

func withUserAndPictureFile(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	return pictureFile(t)
}

func withPicture(t *testing.T, h *harness, v *apiClient) any {
	t.Helper()
	withUser(t, h, v)
	_, err := h.Site.Users.SetPicture(t.Context(), "jane.admin", bytes.NewReader([]byte(pictureFile(t))), nil)
	require.NoError(t, err)
	return nil
}
