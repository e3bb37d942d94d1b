package userman_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func TestANewExtensionMakesItsPerson(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			_, err := h.CreateGroup(t.Context(), &userman.Group{Name: "Everybody", Default: true})
			require.NoError(t, err)
			made, err := h.ExtensionCreated(t.Context(), userman.NewExtension{
				Number: "1001", DisplayName: "Jane Doe", Email: "jane@example.com", Password: secret(goodPassword),
			})
			require.NoError(t, err)
			require.Equal(t, "1001", made.User.Username)
			require.Equal(t, "1001", made.User.DefaultExtension)
			require.Equal(t, "Jane Doe", made.User.DisplayName)
			require.Equal(t, "jane@example.com", made.User.Email)
			require.Equal(t, []string{"Everybody"}, made.User.Groups)
			require.True(t, made.Password.IsZero())
			h.logIn(t, "1001", goodPassword)

			made, err = h.ExtensionCreated(t.Context(), userman.NewExtension{Number: "1002", Username: "joan", Generate: true})
			require.NoError(t, err)
			require.Equal(t, "joan", made.User.Username)
			h.logIn(t, "joan", made.Password.Reveal())

			made, err = h.ExtensionCreated(t.Context(), userman.NewExtension{Number: "1003"})
			require.NoError(t, err)
			require.False(t, made.User.HasPassword)
			h.requireProven(t)
		})
	}
}

// FreePBX wiped the description of whoever was linked.
func TestANewExtensionIsLinkedToSomebodyAndNothingElseChanges(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := person("jane")
	jane.Description, jane.Email = "front desk", "jane@example.com"
	before := h.add(t, jane, "")
	link := func(number string) *userman.User {
		made, err := h.ExtensionCreated(t.Context(), userman.NewExtension{Number: number, DisplayName: "x", Email: "x@example.com", Username: "x", Generate: true, Link: "JANE"})
		require.NoError(t, err)
		require.True(t, made.Password.IsZero())
		return made.User
	}
	require.Equal(t, "1001", link("1001").DefaultExtension)
	require.Equal(t, []string{"1001", "1002"}, link("1002").Extensions())
	after := link("1002")
	require.Equal(t, []string{"1001", "1002"}, after.Extensions(), "once")
	before.DefaultExtension, before.LinkedExtensions, before.UpdatedAt = "1001", []string{"1002"}, after.UpdatedAt
	require.Equal(t, inJSON(t, before), inJSON(t, after))
	require.Equal(t, "jane", h.list(t, userman.Query{}))

	h.add(t, person("joan"), "")
	_, err := h.ExtensionCreated(t.Context(), userman.NewExtension{Number: "1001", Link: "joan"})
	requireExists(t, err, "default_extension")
	_, err = h.ExtensionCreated(t.Context(), userman.NewExtension{Number: "1001", Link: "nobody"})
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestWhatIsWrongWithAPersonOfANewExtensionIsTold(t *testing.T) {
	t.Parallel()
	h := newService(t)
	for _, number := range []string{"", "10 01", "1001\n", "sip", "123456789012345678901"} {
		_, err := h.ExtensionCreated(t.Context(), userman.NewExtension{Number: number})
		requireFields(t, err, "number: extension")
		_, err = h.ExtensionDeleted(t.Context(), number, "burn")
		requireFields(t, err, "number: extension", "policy: oneof")
	}
	_, err := h.ExtensionCreated(t.Context(), userman.NewExtension{Number: "1001", Username: "-", Email: "x", DisplayName: " Jane\r\n", Password: secret("short")})
	requireFields(t, err, "username: username", "email: email_or_blank", "password: min")
	_, err = h.ExtensionCreated(t.Context(), userman.NewExtension{Number: "1001", DisplayName: "Jane\r\nBcc: eve@example.com"})
	requireFields(t, err, "display_name: plain_line")
	_, err = h.ExtensionCreated(t.Context(), userman.NewExtension{Number: "7"})
	requireFields(t, err, "username: username")
}

func TestThePersonComesAndGoesWithTheTransactionOfTheExtension(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.add(t, person("jane", "1001"), "")
			undone := errors.New("the extension cannot be written")
			err := h.store.Atomically(t.Context(), func(ctx context.Context) error {
				if _, err := h.ExtensionCreated(ctx, userman.NewExtension{Number: "1002"}); err != nil {
					return err
				}
				if _, err := h.ExtensionDeleted(ctx, "1001", userman.DeleteUser); err != nil {
					return err
				}
				return undone
			})
			require.ErrorIs(t, err, undone)
			require.Equal(t, "jane", h.list(t, userman.Query{}))
			require.Equal(t, "1001", h.get(t, "jane").DefaultExtension)
			h.requireProven(t)
		})
	}
}

// stale makes people, groups and tokens that have 1001 in every place there is.
func stale(t testing.TB, h *house) {
	t.Helper()
	h.group(t, "Sales", userman.Permissions{
		userman.VoicemailExtensions: userman.Extend("1001"), userman.HistoryExtensions: userman.Extend("1001", "1002"), userman.SMSNumbers: userman.Replace("1001"),
	})
	h.group(t, "Other", userman.Permissions{userman.VoicemailExtensions: userman.Replace("1002")})
	joan := person("joan", "1002", "1001", "1003")
	joan.Permissions = userman.Permissions{userman.VoicemailExtensions: userman.Replace("1001"), userman.HistoryExtensions: userman.Replace("1001", userman.Self)}
	june := person("june", "1003")
	june.Permissions = userman.Permissions{userman.VoicemailExtensions: userman.Extend("1001")}
	for _, u := range []*userman.User{person("jane", "1001", "2001"), joan, june, person("nora", "10011")} {
		h.add(t, u, goodPassword)
	}
	h.add(t, person("gone", "2009", "1001"), "")
	h.remove(t, "gone")
	for _, extensions := range [][]string{{"1001", "1002"}, {"1001"}, {userman.All}} {
		_, _, err := h.CreateToken(t.Context(), "joan", &userman.Token{Extensions: extensions})
		require.NoError(t, err)
	}
}

func TestADeletedExtensionIsUnlinkedEverywhere(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			stale(t, h)
			changed, err := h.ExtensionDeleted(t.Context(), "1001", userman.KeepUser)
			require.NoError(t, err)
			require.Equal(t, []string{"jane", "joan", "june"}, changed)

			jane := h.get(t, "jane")
			require.Equal(t, []string{"2001"}, jane.Extensions())
			require.Empty(t, jane.DefaultExtension)
			require.False(t, jane.Disabled)
			joan := h.get(t, "joan")
			require.Equal(t, []string{"1002", "1003"}, joan.Extensions())
			require.JSONEq(t, `{"voicemail.extensions":[],"history.extensions":["self"]}`, inJSON(t, joan.Permissions))
			require.Empty(t, h.get(t, "june").Permissions, "what adds nothing says nothing")
			require.Equal(t, "10011", h.get(t, "nora").DefaultExtension)
			sales, err := h.Group(t.Context(), "Sales")
			require.NoError(t, err)
			require.JSONEq(t, `{"history.extensions":{"extend":["1002"]},"sms.numbers":["1001"]}`, inJSON(t, sales.Permissions), "a telephone number is no extension")
			tokens, err := h.Tokens(t.Context(), "joan", store.Page{})
			require.NoError(t, err)
			states := map[string]bool{}
			for _, token := range tokens.Items {
				states[token.Extensions[0]] = token.Disabled
			}
			require.Equal(t, map[string]bool{"1001": true, "1002": false, userman.All: false}, states, "a token of this one alone is disabled")
			require.Empty(t, h.list(t, userman.Query{Extension: "1001", Status: userman.Deleted}))
			h.requireProven(t)

			changed, err = h.ExtensionDeleted(t.Context(), "1001", userman.KeepUser)
			require.NoError(t, err)
			require.Empty(t, changed)
		})
	}
}

func TestThePolicySaysWhatBecomesOfThePersonOfADeletedExtension(t *testing.T) {
	t.Parallel()
	for policy, want := range map[userman.ExtensionPolicy]map[userman.Status]string{
		userman.KeepUser:    {userman.Enabled: "jane joan june nora", userman.Disabled: "", userman.Deleted: "gone"},
		userman.DisableUser: {userman.Enabled: "joan june nora", userman.Disabled: "jane", userman.Deleted: "gone"},
		userman.DeleteUser:  {userman.Enabled: "joan june nora", userman.Disabled: "", userman.Deleted: "gone jane"},
	} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			stale(t, h)
			login := h.logIn(t, "jane", goodPassword)
			changed, err := h.ExtensionDeleted(t.Context(), "1001", policy)
			require.NoError(t, err)
			require.Equal(t, []string{"jane", "joan", "june"}, changed)
			for status, usernames := range want {
				require.Equal(t, usernames, h.list(t, userman.Query{Status: status}))
			}
			_, err = h.Session(t.Context(), login.User.ID, login.User.SessionGeneration)
			require.Equal(t, policy == userman.KeepUser, err == nil, "%v", err)
			h.requireProven(t)
		})
	}
}

// It was not the directory that disabled them.
func TestWhoIsDisabledWithTheirExtensionIsNotEnabledByASync(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", "1001"), entry("id-2", "john", ""))
	h.sync(t)
	d.hold(entry("id-2", "john", ""))
	require.Equal(t, []string{"disable jane"}, steps(h.sync(t)))
	_, err := h.ExtensionDeleted(t.Context(), "1001", userman.DisableUser)
	require.NoError(t, err)
	d.hold(entry("id-1", "jane", ""), entry("id-2", "john", ""))
	require.Empty(t, h.sync(t).Steps)
	require.True(t, h.get(t, "jane").Disabled)
	h.requireProven(t)
}

func TestAnExtensionOfSomebodyWhoCannotBeDeletedChangesNothing(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) {
		o.References = append(o.References, func(context.Context, *userman.User) ([]store.Reference, error) {
			return []store.Reference{{Kind: "call flow", Key: "night"}}, nil
		})
	})
	h.add(t, person("jane", "1001"), "")
	h.add(t, person("joan", "1002", "1001"), "")
	_, err := h.ExtensionDeleted(t.Context(), "1001", userman.DeleteUser)
	require.ErrorIs(t, err, store.ErrInUse)
	require.True(t, h.get(t, "joan").Has("1001"))
	require.Equal(t, "1001", h.get(t, "jane").DefaultExtension)
	require.Equal(t, "refused delete extension : in_use", h.told(t))
}

func TestWhoReachesAnExtensionDeletesItForEverybody(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	all.update(t, "joan", func(u *userman.User) { u.LinkedExtensions = []string{"101"} })
	_, err := within.ExtensionDeleted(t.Context(), "201", userman.KeepUser)
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = within.ExtensionDeleted(t.Context(), "103", userman.DeleteUser)
	require.ErrorIs(t, err, store.ErrForbidden, "june has an extension out of reach too")
	changed, err := within.ExtensionDeleted(t.Context(), "101", userman.DisableUser)
	require.NoError(t, err)
	require.Equal(t, []string{"jane", "joan"}, changed)
	_, err = within.ExtensionCreated(t.Context(), userman.NewExtension{Number: "201"})
	require.ErrorIs(t, err, store.ErrForbidden)
}
