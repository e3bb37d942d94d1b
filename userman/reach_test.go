package userman_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// hundreds reaches the extensions 100 to 199.
func hundreds(extension string) bool { return len(extension) == 3 && strings.HasPrefix(extension, "1") }

// limited returns a house with jane (101, 102), within reach, joan (201), june
// (103, 201) and nora, who has no extension, and the same within reach of the
// hundreds.
func limited(t testing.TB) (all, within *house) {
	t.Helper()
	all = newService(t)
	for _, u := range []*userman.User{person("jane", "101", "102"), person("joan", "201"), person("june", "103", "201"), person("nora")} {
		all.add(t, u, "")
	}
	within = all.within(hundreds)
	return all, within
}

func TestWhoIsOutOfReachIsNeitherReadNorChanged(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	within.get(t, "jane")
	for _, username := range []string{"joan", "june", "nora"} {
		id := all.get(t, username).ID
		for what, err := range map[string]error{
			"Get":           second(within.Get(t.Context(), username)),
			"GetByID":       second(within.GetByID(t.Context(), id)),
			"Update":        second(within.tryUpdate(t, username, func(u *userman.User) { u.DefaultExtension = "199" })),
			"Enable":        second(within.Enable(t.Context(), username)),
			"Disable":       second(within.Disable(t.Context(), username)),
			"EndSessions":   within.EndSessions(t.Context(), username),
			"References":    second(within.References(t.Context(), username)),
			"Delete":        within.Delete(t.Context(), username),
			"SetPicture":    second(within.SetPicture(t.Context(), username, io.MultiReader())),
			"RemovePicture": second(within.RemovePicture(t.Context(), username)),
			"Picture":       second(within.Picture(t.Context(), username)),
			"AddMembers":    within.AddMembers(t.Context(), all.group(t, "of "+username+" to join", nil).Name, "jane", username),
			"Invite":        second(within.Invite(t.Context(), username)),
			"SetPassword":   second(within.SetPassword(t.Context(), username, secret(goodPassword), nil)),
			"SendWelcome":   second(within.SendWelcome(t.Context(), username)),
			"CreateToken":   third(within.CreateToken(t.Context(), username, &userman.Token{})),
			"Effective":     second(within.Effective(t.Context(), username)),
		} {
			require.ErrorIs(t, err, store.ErrForbidden, "%s %s", what, username)
		}
	}
	require.Empty(t, within.get(t, "jane").Groups, "all, or none")
	_, err := within.GetByExtension(t.Context(), "201")
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = within.Get(t.Context(), "joan")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Equal(t, "refused access joan: forbidden", all.told(t))
	_, err = within.Get(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
	all.requireProven(t)
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }

func TestWhoIsOutOfReachIsNotListed(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	require.Equal(t, "jane joan june nora", all.list(t, userman.Query{}))
	require.Equal(t, "jane", within.list(t, userman.Query{}))
	require.Empty(t, within.list(t, userman.Query{Search: "joan"}))
	list, err := within.List(t.Context(), userman.Query{Page: store.Page{Limit: 1}})
	require.NoError(t, err)
	require.Empty(t, list.Next, "that more follow is not told either")
	require.NoError(t, within.Each(t.Context(), func(u *userman.User) error {
		require.Equal(t, "jane", u.Username)
		return nil
	}))
	all.remove(t, "june")
	require.Empty(t, within.list(t, userman.Query{Status: userman.Deleted}))
	require.Equal(t, "june", all.list(t, userman.Query{Status: userman.Deleted}))
}

func TestNobodyIsMadeOrMovedOutOfReach(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	for _, extensions := range [][]string{{"200"}, {"110", "200"}, {}} {
		_, err := within.Create(t.Context(), userman.NewUser{User: person("new", extensions...)})
		require.ErrorIs(t, err, store.ErrForbidden, extensions)
		_, err = within.tryUpdate(t, "jane", func(u *userman.User) {
			moved := person("", extensions...)
			u.DefaultExtension, u.LinkedExtensions = moved.DefaultExtension, moved.LinkedExtensions
		})
		require.ErrorIs(t, err, store.ErrForbidden, extensions)
	}
	within.add(t, person("new", "110", "111"), "")
	within.update(t, "jane", func(u *userman.User) { u.LinkedExtensions = []string{"112"} })

	id := all.remove(t, "jane")
	_, err := within.Restore(t.Context(), id, func(u *userman.User) error {
		u.DefaultExtension = "200"
		return nil
	})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = within.Restore(t.Context(), id, nil)
	require.NoError(t, err)
	gone := all.remove(t, "joan")
	_, err = within.Restore(t.Context(), gone, nil)
	require.ErrorIs(t, err, store.ErrForbidden)
	require.ErrorIs(t, within.Purge(t.Context(), gone), store.ErrForbidden)
	all.requireProven(t)
}

func TestNobodyGivesExtensionsOutOfReach(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	all.group(t, "Listeners", userman.Permissions{userman.VoicemailExtensions: userman.Extend("201")})
	all.group(t, "Everything", userman.Permissions{userman.HistoryExtensions: userman.Replace(userman.All)})
	all.group(t, "Harmless", userman.Permissions{userman.VoicemailExtensions: userman.Extend("103", userman.Linked), userman.XMPPLogin: userman.On()})
	says := func(value userman.Value) userman.Permissions {
		return userman.Permissions{userman.VoicemailExtensions: value}
	}
	for what, change := range map[string]func(u *userman.User){
		"a number":       func(u *userman.User) { u.Permissions = says(userman.Replace("201")) },
		"another number": func(u *userman.User) { u.Permissions = says(userman.Extend("101", "2000")) },
		"all":            func(u *userman.User) { u.Permissions = says(userman.Replace(userman.All)) },
		"a group":        func(u *userman.User) { u.Groups = []string{"Listeners"} },
		"a group of all": func(u *userman.User) { u.Groups = []string{"Everything"} },
		"one of two":     func(u *userman.User) { u.Groups = []string{"Harmless", "Listeners"} },
		"both at a time": func(u *userman.User) { u.Groups, u.Permissions = []string{"Listeners"}, says(userman.Extend("101")) },
	} {
		_, err := within.tryUpdate(t, "jane", change)
		require.ErrorIs(t, err, store.ErrForbidden, what)
		u := person("new", "110")
		change(u)
		_, err = within.Create(t.Context(), userman.NewUser{User: u})
		require.ErrorIs(t, err, store.ErrForbidden, what)
	}
	require.ErrorIs(t, within.AddMembers(t.Context(), "Listeners", "jane"), store.ErrForbidden)
	require.NoError(t, within.AddMembers(t.Context(), "Harmless", "jane"))
	within.update(t, "jane", func(u *userman.User) { u.Permissions = says(userman.Replace("150", userman.Self)) })
	all.requireProven(t)
}

// What somebody has already may stay, and be narrowed; but taking away what
// holds it back gives it.
func TestWhatSomebodyHasMayStay(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	all.group(t, "Listeners", userman.Permissions{userman.VoicemailExtensions: userman.Replace("201", "202")})
	all.update(t, "jane", func(u *userman.User) { u.Groups = []string{"Listeners"} })
	within.update(t, "jane", func(u *userman.User) { u.Title = "Ms" })
	within.update(t, "jane", func(u *userman.User) {
		u.Permissions = userman.Permissions{userman.VoicemailExtensions: userman.Replace("201")}
	})
	_, err := within.tryUpdate(t, "jane", func(u *userman.User) { u.Permissions = nil })
	require.ErrorIs(t, err, store.ErrForbidden, "202 comes back")
	require.NoError(t, within.RemoveMembers(t.Context(), "Listeners", "jane"))
	within.update(t, "jane", func(u *userman.User) { u.Permissions = nil })
	require.ErrorIs(t, within.AddMembers(t.Context(), "Listeners", "jane"), store.ErrForbidden)
}

// mighty makes people within reach of the hundreds who may do something for
// extensions out of reach, each on another way, and returns their usernames.
func mighty(t testing.TB, all *house) []string {
	t.Helper()
	all.group(t, "Listeners", userman.Permissions{userman.VoicemailExtensions: userman.Extend("201")})
	for username, becomes := range map[string]func(u *userman.User){
		"of-all": func(u *userman.User) {
			u.Permissions = userman.Permissions{userman.HistoryExtensions: userman.Replace(userman.All)}
		},
		"of-one": func(u *userman.User) {
			u.Permissions = userman.Permissions{userman.ConferenceExtensions: userman.Extend("101", "201")}
		},
		"of-group": func(u *userman.User) { u.Groups = []string{"Listeners"} },
	} {
		u := reachable(username)
		u.LinkedExtensions = []string{"101"}
		becomes(u)
		all.add(t, u, goodPassword)
	}
	return []string{"of-all", "of-one", "of-group"}
}

// Whoever has the credentials of somebody may do what they may.
func TestCredentialsForExtensionsOutOfReachAreNotHandedOut(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	for _, username := range mighty(t, all) {
		u := all.get(t, username)
		token, _ := all.token(t, username, userman.Token{})
		used, _ := all.token(t, username, userman.Token{Disabled: true})
		for what, err := range map[string]error{
			"SetPassword":         second(within.SetPassword(t.Context(), username, secret(anotherPassword), nil)),
			"SetPassword, tokens": second(within.SetPassword(t.Context(), username, secret(anotherPassword), &userman.PasswordOptions{DisableTokens: true})),
			"SetPasswordHash":     second(within.SetPasswordHash(t.Context(), username, all.kept(t, username).Credentials.PasswordHash)),
			"Invite":              second(within.Invite(t.Context(), username)),
			"Update, email":       second(within.tryUpdate(t, username, func(u *userman.User) { u.Email = "eve@example.com" })),
			"RemoveSecondFactor":  second(within.RemoveSecondFactor(t.Context(), username)),
			"BeginSecondFactor":   second(within.BeginSecondFactor(t.Context(), u.ID)),
			"PendingSecondFactor": second(within.PendingSecondFactor(t.Context(), u.ID)),
			"NewRecoveryCodes":    second(within.NewRecoveryCodes(t.Context(), u.ID)),
			"CreateToken":         third(within.CreateToken(t.Context(), username, &userman.Token{})),
			"RotateToken":         third(within.RotateToken(t.Context(), token.ID)),
			"UpdateToken":         second(within.UpdateToken(t.Context(), used.ID, func(t *userman.Token) error { t.Disabled = false; return nil })),
		} {
			forbidden, ok := errors.AsType[*store.ForbiddenError](err)
			require.True(t, ok, "%s of %s: %v", what, username, err)
			require.Contains(t, forbidden.Reason, ".extensions for extensions that you do not reach", "%s of %s", what, username)
		}
		require.Equal(t, u, all.get(t, username))
		kept, err := all.Token(t.Context(), token.ID)
		require.NoError(t, err)
		require.Equal(t, token, kept)
	}
	all.requireProven(t)
}

func TestASoftphoneForExtensionsOutOfReachIsNotHandedOut(t *testing.T) {
	t.Parallel()
	all := newService(t, withSIPAccounts(sipAccounts{"101": {Technology: "PJSIP", Username: "101", Domain: "pbx.example.com"}}))
	within := all.within(hundreds)
	all.add(t, person("jane", "101"), "")
	link, err := within.InviteSoftphone(t.Context(), "jane")
	require.NoError(t, err)
	require.False(t, link.Token.IsZero())
	all.permit(t, "jane", userman.HistoryExtensions, userman.Replace("101", "201"))
	require.ErrorIs(t, second(within.InviteSoftphone(t.Context(), "jane")), store.ErrForbidden)
	require.Equal(t, "refused invite softphone jane: forbidden", all.told(t))
}

// What hands out nothing stays, and what was handed out can be taken away.
func TestWhoeverMayDoMoreIsLookedAfterByThoseWhoReachThem(t *testing.T) {
	t.Parallel()
	var sent []*userman.Message
	all := newService(t, mailedBy(carrier(func(_ context.Context, m *userman.Message) error {
		sent = append(sent, m)
		return nil
	})))
	within := all.within(hundreds)
	for _, username := range mighty(t, all) {
		within.update(t, username, func(u *userman.User) { u.Title = "Dr" })
		within.welcome(t, username, userman.Delivered)
		d, err := within.SendReset(t.Context(), username)
		require.NoError(t, err)
		require.Equal(t, userman.Delivered, d.Status)
		require.Equal(t, username+"@example.com", sent[len(sent)-1].To)
		token, _ := all.token(t, username, userman.Token{})
		_, err = within.UpdateToken(t.Context(), token.ID, func(t *userman.Token) error { t.Disabled = true; return nil })
		require.NoError(t, err)
		require.NoError(t, within.DeleteToken(t.Context(), token.ID))
		require.NoError(t, within.EndSessions(t.Context(), username))
		id := within.remove(t, username)
		_, err = within.Restore(t.Context(), id, func(u *userman.User) error { u.Email = "eve@example.com"; return nil })
		require.ErrorIs(t, err, store.ErrForbidden)
		_, err = within.Restore(t.Context(), id, nil)
		require.NoError(t, err)
	}
	all.requireProven(t)
}

// Somebody who holds no more than is reached, or than everybody does, can be
// given credentials by whoever reaches them.
func TestCredentialsOfPeopleLikeEverybodyAreHandedOut(t *testing.T) {
	t.Parallel()
	all := newService(t)
	within := all.within(hundreds)
	_, err := all.CreateGroup(t.Context(), &userman.Group{
		Name: "Everybody", Default: true, Permissions: userman.Permissions{userman.ConferenceExtensions: userman.Replace(userman.All)},
	})
	require.NoError(t, err)
	within.add(t, reachable("jane", "101", "102"), goodPassword)
	within.update(t, "jane", func(u *userman.User) {
		u.Email, u.Permissions = "jane.doe@example.com", userman.Permissions{userman.HistoryExtensions: userman.Replace(userman.Linked, "103")}
	})
	for what, err := range map[string]error{
		"SetPassword": second(within.SetPassword(t.Context(), "jane", secret(anotherPassword), nil)),
		"Invite":      second(within.Invite(t.Context(), "jane")),
		"CreateToken": third(within.CreateToken(t.Context(), "jane", &userman.Token{})),
	} {
		require.NoError(t, err, what)
	}
	// Whose group is everybody's no more has more than everybody.
	_, err = all.UpdateGroup(t.Context(), "Everybody", func(g *userman.Group) error { g.Default = false; return nil })
	require.NoError(t, err)
	require.ErrorIs(t, second(within.Invite(t.Context(), "jane")), store.ErrForbidden)
}

// The default groups are the house's: whoever may make people makes them in
// those, and gives nothing more.
func TestDefaultGroupsAreGivenByTheHouse(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	_, err := all.CreateGroup(t.Context(), &userman.Group{
		Name: "Everybody", Default: true, Permissions: userman.Permissions{userman.ConferenceExtensions: userman.Replace(userman.All)},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"Everybody"}, within.add(t, person("new", "110"), "").Groups)
}

func TestWhoReachesSomeReadsGroupsAndChangesNone(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	all.group(t, "Sales", nil)
	groups, err := within.Groups(t.Context())
	require.NoError(t, err)
	require.Len(t, groups, 1)
	_, err = within.CreateGroup(t.Context(), &userman.Group{Name: "Mine"})
	require.ErrorIs(t, err, store.ErrForbidden)
	_, err = within.UpdateGroup(t.Context(), "Sales", func(*userman.Group) error { return nil })
	require.ErrorIs(t, err, store.ErrForbidden)
	require.ErrorIs(t, within.DeleteGroup(t.Context(), "Sales", true), store.ErrForbidden)
	require.ErrorIs(t, second(within.Sync(t.Context(), "head-office", nil)), store.ErrForbidden)
	require.Equal(t, "jane joan june nora", all.within(nil).list(t, userman.Query{}), "nil reaches everything")
	all.requireProven(t)
}
