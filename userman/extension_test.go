package userman_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// createExtensionUser prepares and creates the user of an extension.
func (h *env) createExtensionUser(ctx context.Context, e userman.NewExtension) (*userman.ExtensionUser, error) {
	commit, err := h.PrepareExtensionUser(ctx, e)
	if err != nil {
		return nil, err
	}
	return commit(ctx)
}

func TestService_PrepareExtensionUser_createsUser(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			_, err := h.Groups().Create(t.Context(), &userman.Group{Name: "Everybody", Default: true})
			require.NoError(t, err)
			created, err := h.createExtensionUser(t.Context(), userman.NewExtension{
				Number: "1001", DisplayName: "Jane Doe", Email: "jane@example.com", Password: secret(goodPassword),
			})
			require.NoError(t, err)
			require.Equal(t, "1001", created.User.Username)
			require.Equal(t, "1001", created.User.DefaultExtension)
			require.Equal(t, "Jane Doe", created.User.DisplayName)
			require.Equal(t, "jane@example.com", created.User.Email)
			require.Equal(t, []string{"Everybody"}, created.User.Groups)
			require.True(t, created.Password.IsZero())
			h.logIn(t, "1001", goodPassword)

			created, err = h.createExtensionUser(t.Context(), userman.NewExtension{Number: "1002", Username: "joan", GeneratePassword: true})
			require.NoError(t, err)
			require.Equal(t, "joan", created.User.Username)
			h.logIn(t, "joan", created.Password.Reveal())

			created, err = h.createExtensionUser(t.Context(), userman.NewExtension{Number: "1003"})
			require.NoError(t, err)
			require.False(t, created.User.HasPassword)
			h.requireAuditIntact(t)
		})
	}
}

// FreePBX wiped the description of whoever was linked.
func TestService_PrepareExtensionUser_linksExistingUser(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane")
	jane.Description, jane.Email = "front desk", "jane@example.com"
	before := h.createUser(t, jane, "")
	link := func(number string) *userman.User {
		result, err := h.createExtensionUser(t.Context(), userman.NewExtension{Number: number, DisplayName: "x", Email: "x@example.com", Username: "x", GeneratePassword: true, LinkTo: "JANE"})
		require.NoError(t, err)
		require.True(t, result.Password.IsZero())
		return result.User
	}
	require.Equal(t, "1001", link("1001").DefaultExtension)
	require.Equal(t, []string{"1001", "1002"}, link("1002").Extensions())
	after := link("1002")
	require.Equal(t, []string{"1001", "1002"}, after.Extensions(), "once")
	before.DefaultExtension, before.LinkedExtensions, before.UpdatedAt = "1001", []string{"1002"}, after.UpdatedAt
	require.Equal(t, toJSON(t, before), toJSON(t, after))
	require.Equal(t, "jane", h.list(t, userman.Query{}))

	h.createUser(t, newUser("joan"), "")
	_, err := h.createExtensionUser(t.Context(), userman.NewExtension{Number: "1001", LinkTo: "joan"})
	requireAlreadyExists(t, err, "default_extension")
	_, err = h.createExtensionUser(t.Context(), userman.NewExtension{Number: "1001", LinkTo: "nobody"})
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_PrepareExtensionUser_reportsInvalidFields(t *testing.T) {
	t.Parallel()
	h := newService(t)
	for _, number := range []string{"", "10 01", "1001\n", "sip", "123456789012345678901"} {
		_, err := h.createExtensionUser(t.Context(), userman.NewExtension{Number: number})
		requireFieldErrors(t, err, "number: extension")
		_, err = h.OnExtensionDeleted(t.Context(), number, "burn")
		requireFieldErrors(t, err, "number: extension", "policy: oneof")
	}
	_, err := h.createExtensionUser(t.Context(), userman.NewExtension{Number: "1001", Username: "-", Email: "x", DisplayName: " Jane\r\n", Password: secret("short")})
	requireFieldErrors(t, err, "username: username", "email: email", "password: min")
	_, err = h.createExtensionUser(t.Context(), userman.NewExtension{Number: "1001", DisplayName: "Jane\r\nBcc: eve@example.com"})
	requireFieldErrors(t, err, "display_name: plain_line")
}

func TestService_PrepareExtensionUser_acceptsOneDigit(t *testing.T) {
	t.Parallel()
	h := newService(t)
	created, err := h.createExtensionUser(t.Context(), userman.NewExtension{Number: "7"})
	require.NoError(t, err)
	require.Equal(t, "7", created.User.Username)
	require.Equal(t, "7", created.User.DefaultExtension)
	require.Equal(t, "7", h.get(t, "7").Username)
}

func TestService_PrepareExtensionUser_joinsCallerTransaction(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane", "1001"), "")
			errRollback := errors.New("the extension cannot be written")
			create, err := h.PrepareExtensionUser(t.Context(), userman.NewExtension{Number: "1002", GeneratePassword: true})
			require.NoError(t, err)
			err = h.store.RunInTx(t.Context(), func(ctx context.Context) error {
				if _, err := create(ctx); err != nil {
					return err
				}
				if _, err := h.OnExtensionDeleted(ctx, "1001", userman.OrphanDelete); err != nil {
					return err
				}
				return errRollback
			})
			require.ErrorIs(t, err, errRollback)
			require.Equal(t, "jane", h.list(t, userman.Query{}))
			require.Equal(t, "1001", h.get(t, "jane").DefaultExtension)
			h.requireAuditIntact(t)
		})
	}
}

// createExtensionReferences makes people, groups and tokens that have 1001 in every place there is.
func createExtensionReferences(t testing.TB, h *env) {
	t.Helper()
	h.createGroup(t, "Sales", permission.Permissions{
		permission.VoicemailExtensions: permission.Append("1001"), permission.HistoryExtensions: permission.Append("1001", "1002"), permission.SMSNumbers: permission.Set("1001"),
	})
	h.createGroup(t, "Other", permission.Permissions{permission.VoicemailExtensions: permission.Set("1002")})
	joan := newUser("joan", "1002", "1001", "1003")
	joan.Permissions = permission.Permissions{permission.VoicemailExtensions: permission.Set("1001"), permission.HistoryExtensions: permission.Set("1001", permission.OwnExtension)}
	june := newUser("june", "1003")
	june.Permissions = permission.Permissions{permission.VoicemailExtensions: permission.Append("1001")}
	for _, u := range []*userman.User{newUser("jane", "1001", "2001"), joan, june, newUser("nora", "10011")} {
		h.createUser(t, u, goodPassword)
	}
	h.createUser(t, newUser("gone", "2009", "1001"), "")
	h.deleteUser(t, "gone")
	for _, extensions := range [][]string{{"1001", "1002"}, {"1001"}, {permission.Any}} {
		_, _, err := h.tokens.Create(t.Context(), "joan", &apitoken.Token{Extensions: extensions})
		require.NoError(t, err)
	}
}

func TestService_OnExtensionDeleted_removesAllReferences(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			createExtensionReferences(t, h)
			changed, err := h.OnExtensionDeleted(t.Context(), "1001", userman.OrphanKeep)
			require.NoError(t, err)
			require.Equal(t, []string{"jane", "joan", "june"}, changed)

			jane := h.get(t, "jane")
			require.Equal(t, []string{"2001"}, jane.Extensions())
			require.Empty(t, jane.DefaultExtension)
			require.False(t, jane.Disabled)
			joan := h.get(t, "joan")
			require.Equal(t, []string{"1002", "1003"}, joan.Extensions())
			require.JSONEq(t, `{"voicemail.extensions":[],"history.extensions":["self"]}`, toJSON(t, joan.Permissions))
			require.Empty(t, h.get(t, "june").Permissions, "what adds nothing says nothing")
			require.Equal(t, "10011", h.get(t, "nora").DefaultExtension)
			sales, err := h.Groups().Get(t.Context(), "Sales")
			require.NoError(t, err)
			require.JSONEq(t, `{"history.extensions":{"append":["1002"]},"sms.numbers":["1001"]}`, toJSON(t, sales.Permissions), "a telephone number is no extension")
			tokens, err := h.tokens.List(t.Context(), "joan", store.PageRequest{})
			require.NoError(t, err)
			states := map[string]bool{}
			for _, token := range tokens.Items {
				states[token.Extensions[0]] = token.Disabled
			}
			require.Equal(t, map[string]bool{"1001": true, "1002": false, permission.Any: false}, states, "a token of this one alone is disabled")
			require.Empty(t, h.list(t, userman.Query{Extension: "1001", Status: userman.StatusDeleted}))
			h.requireAuditIntact(t)

			changed, err = h.OnExtensionDeleted(t.Context(), "1001", userman.OrphanKeep)
			require.NoError(t, err)
			require.Empty(t, changed)
		})
	}
}

func TestService_OnExtensionDeleted_appliesOrphanPolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[userman.OrphanPolicy]map[userman.Status]string{
		userman.OrphanKeep:    {userman.StatusEnabled: "jane joan june nora", userman.StatusDisabled: "", userman.StatusDeleted: "gone"},
		userman.OrphanDisable: {userman.StatusEnabled: "joan june nora", userman.StatusDisabled: "jane", userman.StatusDeleted: "gone"},
		userman.OrphanDelete:  {userman.StatusEnabled: "joan june nora", userman.StatusDisabled: "", userman.StatusDeleted: "gone jane"},
	} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			createExtensionReferences(t, h)
			login := h.logIn(t, "jane", goodPassword)
			changed, err := h.OnExtensionDeleted(t.Context(), "1001", policy)
			require.NoError(t, err)
			require.Equal(t, []string{"jane", "joan", "june"}, changed)
			for status, usernames := range want {
				require.Equal(t, usernames, h.list(t, userman.Query{Status: status}))
			}
			_, err = h.Session(t.Context(), login.User.ID, login.User.SessionEpoch)
			require.Equal(t, policy == userman.OrphanKeep, err == nil, "%v", err)
			h.requireAuditIntact(t)
		})
	}
}

// It was not the directory that disabled them.
func TestService_OnExtensionDeleted_syncKeepsUserDisabled(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", ""))
	h.sync(t)
	d.setEntries(newEntry("id-2", "john", ""))
	require.Equal(t, []string{"disable jane"}, steps(h.sync(t)))
	_, err := h.OnExtensionDeleted(t.Context(), "1001", userman.OrphanDisable)
	require.NoError(t, err)
	d.setEntries(newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
	require.Empty(t, h.sync(t).Steps)
	require.True(t, h.get(t, "jane").Disabled)
	h.requireAuditIntact(t)
}

func TestService_OnExtensionDeleted_rejectsReferencedUser(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) {
		o.References = append(o.References, func(context.Context, *userman.User) ([]store.Reference, error) {
			return []store.Reference{{Kind: "call flow", Key: "night"}}, nil
		})
	})
	h.createUser(t, newUser("jane", "1001"), "")
	h.createUser(t, newUser("joan", "1002", "1001"), "")
	_, err := h.OnExtensionDeleted(t.Context(), "1001", userman.OrphanDelete)
	require.ErrorIs(t, err, store.ErrInUse)
	require.True(t, h.get(t, "joan").HasExtension("1001"))
	require.Equal(t, "1001", h.get(t, "jane").DefaultExtension)
	require.Equal(t, "denied delete extension : in_use", h.lastAuditEntry(t))
}

func TestService_OnExtensionDeleted_requiresExtensionInScope(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	all.update(t, "joan", func(u *userman.User) { u.LinkedExtensions = []string{"101"} })
	_, err := scoped.OnExtensionDeleted(t.Context(), "201", userman.OrphanKeep)
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = scoped.OnExtensionDeleted(t.Context(), "103", userman.OrphanDelete)
	require.ErrorIs(t, err, store.ErrForbidden, "june has an extension out of reach too")
	changed, err := scoped.OnExtensionDeleted(t.Context(), "101", userman.OrphanDisable)
	require.NoError(t, err)
	require.Equal(t, []string{"jane"}, changed)
	_, err = scoped.createExtensionUser(t.Context(), userman.NewExtension{Number: "201"})
	require.ErrorIs(t, err, store.ErrForbidden)
}

func TestService_RenumberExtensions_referencesFollow(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "", allLoginNames)
			createExtensionReferences(t, h)
			changed, err := h.RenumberExtensions(t.Context(), map[string]string{"1001": "5001"})
			require.NoError(t, err)
			require.Equal(t, []string{"jane", "joan", "june"}, changed)
			require.Equal(t, []string{"5001", "2001"}, h.get(t, "jane").Extensions())
			joan := h.get(t, "joan")
			require.Equal(t, []string{"1002", "5001", "1003"}, joan.Extensions())
			require.JSONEq(t, `{"voicemail.extensions":["5001"],"history.extensions":["self","5001"]}`, toJSON(t, joan.Permissions))
			require.JSONEq(t, `{"voicemail.extensions":{"append":["5001"]}}`, toJSON(t, h.get(t, "june").Permissions))
			require.Equal(t, "10011", h.get(t, "nora").DefaultExtension)
			sales, err := h.Groups().Get(t.Context(), "Sales")
			require.NoError(t, err)
			require.JSONEq(t, `{"voicemail.extensions":{"append":["5001"]},"history.extensions":{"append":["1002","5001"]},"sms.numbers":["1001"]}`,
				toJSON(t, sales.Permissions), "a phone number is no extension")
			tokens, err := h.tokens.List(t.Context(), "joan", store.PageRequest{})
			require.NoError(t, err)
			for _, token := range tokens.Items {
				require.NotContains(t, token.Extensions, "1001")
				require.False(t, token.Disabled)
			}
			require.Equal(t, "jane", h.logIn(t, "5001", goodPassword).User.Username)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_RenumberExtensions_swapsInOneAct(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "acme", allLoginNames)
			h.createUser(t, newUser("jane", "1001"), goodPassword)
			h.createUser(t, newUser("john", "1002", "1001"), goodPassword)
			h.createUser(t, newUser("joan", "1003", "1001", "1002"), goodPassword)
			changed, err := h.RenumberExtensions(t.Context(), map[string]string{"1001": "1002", "1002": "1003", "1003": "1001"})
			require.NoError(t, err)
			require.Equal(t, []string{"jane", "joan", "john"}, changed)
			require.Equal(t, []string{"1002"}, h.get(t, "jane").Extensions())
			require.Equal(t, []string{"1003", "1002"}, h.get(t, "john").Extensions())
			require.Equal(t, []string{"1001", "1002", "1003"}, h.get(t, "joan").Extensions())
			require.Equal(t, "joan", h.logIn(t, "1001", goodPassword).User.Username)
			require.Len(t, h.entries(t, audit.Query{Action: "renumber extensions"}), 3, "one for each record")
			h.requireAuditIntact(t)
		})
	}
}

func TestService_RenumberExtensions_rejectsAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := newService(t, allLoginNames)
	h.createUser(t, newUser("jane", "1001"), goodPassword)
	h.createUser(t, newUser("john", "1002"), goodPassword)
	h.createUser(t, newUser("7007"), goodPassword)
	for want, numbers := range map[string]map[string]string{
		"numbers: range": {}, "numbers: extension": {"1001": "x"}, "numbers: unchanged": {"1001": "1001"},
		"numbers: repeated": {"1001": "5001", "1002": "5001"}, "numbers: unknown": {"1001": "5001", "1009": "5009"},
	} {
		_, err := h.RenumberExtensions(t.Context(), numbers)
		requireFieldErrors(t, err, want)
	}
	_, err := h.RenumberExtensions(t.Context(), map[string]string{"1001": "1002"})
	requireAlreadyExists(t, err, "default_extension")
	_, err = h.RenumberExtensions(t.Context(), map[string]string{"1001": "7007"})
	requireLoginNameExists(t, err, "default_extension")
	require.Equal(t, "1001", h.get(t, "jane").DefaultExtension)
	require.Equal(t, "1002", h.get(t, "john").DefaultExtension)
	h.requireAuditIntact(t)
}

func TestService_RenumberExtensions_needsScopeOfOldAndNewNumber(t *testing.T) {
	t.Parallel()
	all := newService(t)
	scoped := all.scoped(extensions1xx)
	all.createUser(t, newUser("jane", "101"), goodPassword)
	all.createUser(t, newUser("john", "102", "500"), goodPassword)
	all.createUser(t, newUser("joan", "500"), goodPassword)
	for _, numbers := range []map[string]string{{"101": "501"}, {"500": "105"}, {"102": "105"}, {"101": "102", "102": "101"}} {
		_, err := scoped.RenumberExtensions(t.Context(), numbers)
		require.ErrorIs(t, err, store.ErrForbidden, "%v", numbers)
	}
	_, err := scoped.RenumberExtensions(t.Context(), map[string]string{"101": "105"})
	require.NoError(t, err)
	require.Equal(t, "105", all.get(t, "jane").DefaultExtension)
	all.requireAuditIntact(t)
}

func TestService_RenumberExtensions_rejectsExtensionOfDirectory(t *testing.T) {
	t.Parallel()
	h, _ := newSyncedService(t, newEntry("id-1", "jane", "1001"))
	h.sync(t)
	_, err := h.RenumberExtensions(t.Context(), map[string]string{"1001": "5001"})
	requireConflict(t, err, "change them there: default_extension")
}

// Users out of scope may refer to an extension in scope. They change, but the limited
// administrator must not learn their names.
func TestService_RenumberExtensions_namesNoUserOutOfScope(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	all.update(t, "joan", func(u *userman.User) { u.LinkedExtensions = []string{"101"} })
	all.setPermission(t, "nora", permission.VoicemailExtensions, permission.Set("101"))
	changed, err := scoped.RenumberExtensions(t.Context(), map[string]string{"101": "150"})
	require.NoError(t, err)
	require.Equal(t, []string{"jane"}, changed)
	require.Equal(t, []string{"150"}, all.get(t, "joan").LinkedExtensions)
	all.requireAuditIntact(t)
}

func TestService_OnExtensionDeleted_namesNoUserOutOfScope(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	all.update(t, "joan", func(u *userman.User) { u.LinkedExtensions = []string{"101"} })
	changed, err := scoped.OnExtensionDeleted(t.Context(), "101", userman.OrphanKeep)
	require.NoError(t, err)
	require.Equal(t, []string{"jane"}, changed)
	require.Empty(t, all.get(t, "joan").LinkedExtensions)
	all.requireAuditIntact(t)
}
