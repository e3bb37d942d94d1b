package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func userRoundTripRules() []rule {
	return []rule{
		{"user_stored", userStored},
		{"empty_user_stored", emptyUserStored},
		{"derived_user_fields_not_stored", derivedUserFieldsNotStored},
		{"user_times_stored", userTimesStored},
		{"hostile_user_stored", hostileUserStored},
	}
}

// requireSameUser compares every field. Empty and missing lists are the same, and
// so are equivalent permissions.
func requireSameUser(t require.TestingT, want, got *userman.User) {
	want, got = normalizeUser(want), normalizeUser(got)
	requireSamePermissions(t, want.Permissions, got.Permissions)
	got.Permissions = want.Permissions
	require.Equal(t, want, got)
}

func normalizeUser(u *userman.User) *userman.User {
	c := u.Clone()
	userman.Fields().FillLists(c)
	c.Groups = append([]string(nil), c.Groups...)
	normalizeCredentials(&c.Credentials)
	return c
}

// normalizeCredentials replaces empty lists with nil.
func normalizeCredentials(c *credential.Credentials) {
	c.Devices = append([]credential.TrustedDevice(nil), c.Devices...)
	if c.SecondFactor != nil {
		c.SecondFactor.RecoveryHashes = append([][]byte(nil), c.SecondFactor.RecoveryHashes...)
	}
}

func requireSamePermissions(t require.TestingT, want, got permission.Permissions) {
	require.Len(t, got, len(want))
	for id, value := range want {
		require.Contains(t, got, id)
		require.Truef(t, value.Equal(got[id]), "%s: %s", id, got[id])
	}
}

// requireUserEverywhere reads want, the only user, with every method.
func requireUserEverywhere(t *testing.T, rt require.TestingT, st userman.Store, want *userman.User) {
	u, err := st.User(t.Context(), want.ID)
	require.NoError(rt, err)
	requireSameUser(rt, want, u)
	q := userman.Query{}
	if !want.DeletedAt.IsZero() {
		q.Status = userman.StatusDeleted
	}
	list, err := st.ListUsers(t.Context(), q)
	require.NoError(rt, err)
	require.Len(rt, list.Items, 1)
	requireSameUser(rt, want, list.Items[0])
	visited := 0
	require.NoError(rt, st.EachUser(t.Context(), func(u *userman.User) error {
		visited++
		requireSameUser(rt, want, u)
		return nil
	}))
	require.Equal(rt, 1, visited)
	if want.DeletedAt.IsZero() {
		found, err := st.FindUser(t.Context(), userman.UserLookup{Username: want.Username})
		require.NoError(rt, err)
		requireSameUser(rt, want, found)
	}
}

func userStored(t *testing.T, b Backend) {
	want := hostileUser("jane")
	requireFilled(t, reflect.ValueOf(*want), "HasPassword", "ExternalPassword", "HasSecondFactor", "InvitationExpiresAt", "PasswordExpiresAt")
	createGroups(t, b.Users(""), want.Groups...)
	require.NoError(t, b.Users("").CreateUser(t.Context(), want))
	requireUserEverywhere(t, t, b.Users(""), want)
	want.DeletedAt = time.Time{}
	updateUser(t, b.Users(""), "jane", func(u *userman.User) { u.DeletedAt = time.Time{} })
	requireUserEverywhere(t, t, b.Users(""), want)
}

func emptyUserStored(t *testing.T, b Backend) {
	want := &userman.User{ID: "1", Username: "jane"}
	require.NoError(t, b.Users("").CreateUser(t.Context(), want))
	requireUserEverywhere(t, t, b.Users(""), want)
	u, err := b.Users("").User(t.Context(), "1")
	require.NoError(t, err)
	require.True(t, u.Credentials.PasswordHash.IsZero())
	require.Nil(t, u.Credentials.SecondFactor)
	require.Nil(t, u.Credentials.Invitation)
	require.Nil(t, u.Activation)
	for _, at := range timesOfUser(u) {
		require.True(t, at.IsZero())
	}
}

// timesOfUser points to all stored times of a user.
func timesOfUser(u *userman.User) []*time.Time {
	times := []*time.Time{
		&u.CreatedAt, &u.UpdatedAt, &u.PasswordChangedAt, &u.LastLoginAt,
		&u.WelcomedAt, &u.MissingSince, &u.DeletedAt,
	}
	for _, link := range []*credential.OneTimeToken{u.Credentials.Invitation, u.Activation} {
		if link != nil {
			times = append(times, &link.ExpiresAt)
		}
	}
	for i := range u.Credentials.Devices {
		times = append(times, &u.Credentials.Devices[i].LastUsedAt)
	}
	return times
}

func derivedUserFieldsNotStored(t *testing.T, b Backend) {
	given := newUser("jane")
	given.HasPassword, given.ExternalPassword, given.HasSecondFactor = true, true, true
	given.InvitationExpiresAt, given.PasswordExpiresAt = noon(), noon()
	require.NoError(t, b.Users("").CreateUser(t.Context(), given))
	requireUserEverywhere(t, t, b.Users(""), newUser("jane"))
}

func userTimesStored(t *testing.T, b Backend) {
	precise, truncated := time.Date(2026, 11, 22, 9, 30, 0, 123_456_789, time.FixedZone("CET", 3600)), time.Date(2026, 11, 22, 8, 30, 0, 123_456_000, time.UTC)
	withTimes := func(at time.Time) *userman.User {
		u := hostileUser("jane")
		for i, to := range timesOfUser(u) {
			*to = at.Add(time.Duration(i) * time.Hour)
		}
		return u
	}
	createGroups(t, b.Users(""), withTimes(truncated).Groups...)
	require.NoError(t, b.Users("").CreateUser(t.Context(), withTimes(precise)))
	requireUserEverywhere(t, t, b.Users(""), withTimes(truncated))
}

// hostileUserStored also writes values that the service would reject, like
// hostileValuesStored.
func hostileUserStored(t *testing.T, b Backend) {
	st := b.Users("'; \\ 北京")
	groups := hostileUser("jane").Groups
	createGroups(t, st, groups...)
	rapid.Check(t, func(rt *rapid.T) {
		first, second := drawUser(rt, groups), drawUser(rt, groups)
		second.ID = first.ID
		require.NoError(rt, st.CreateUser(t.Context(), first))
		require.NoError(rt, st.UpdateUser(t.Context(), first.ID, func(u *userman.User) error {
			requireSameUser(rt, first, u)
			*u = *second
			return nil
		}))
		requireUserEverywhere(t, rt, st, second)
		require.NoError(rt, st.DeleteUser(t.Context(), first.ID))
	})
}

func drawUser(t *rapid.T, groups []string) *userman.User {
	text := rapid.OneOf(rapid.SampledFrom(hostileTexts()), rapid.Map(rapid.String(), withoutNUL))
	u := &userman.User{
		ID:           store.UserID("x" + text.Draw(t, "id")),
		Groups:       rapid.SliceOfDistinct(rapid.SampledFrom(groups), rapid.ID[string]).Draw(t, "groups"),
		Permissions:  drawPermissions(t),
		Directory:    text.Draw(t, "directory"),
		Picture:      text.Draw(t, "picture"),
		Credentials:  drawCredentials(t, text),
		SessionEpoch: rapid.Int64().Draw(t, "session_epoch"),
		EmailCreator: drawCreator(t, text),
	}
	if rapid.Bool().Draw(t, "activation") {
		u.Activation = &credential.OneTimeToken{TokenHash: rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "activation_hash"), Creator: drawCreator(t, text)}
	}
	drawFields(t, userman.Fields(), u, text)
	u.Username = "x" + u.Username
	for _, at := range timesOfUser(u) {
		if rapid.Bool().Draw(t, "at all") {
			*at = drawTime(t)
		}
	}
	return u
}

func drawPermissions(t *rapid.T) permission.Permissions {
	item := rapid.StringMatching(`[a-z0-9_]{1,12}|\+[0-9]{1,15}`)
	return rapid.MapOfN(rapid.StringMatching(`[a-z]{1,8}\.[a-z_]{1,8}`), rapid.Custom(func(t *rapid.T) permission.Value {
		items := rapid.SliceOfN(item, 0, 3).Draw(t, "items")
		return rapid.SampledFrom([]permission.Value{permission.On(), permission.Off(), permission.Set(items...), permission.Append(items...)}).Draw(t, "value")
	}), 0, 3).Draw(t, "permissions")
}

// hostileUser has a value in every stored field; it is deleted.
func hostileUser(username string) *userman.User {
	at := func(hours int) time.Time {
		return time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC).Add(time.Duration(hours) * time.Hour)
	}
	a := hostileAdministrator(username)
	u := &userman.User{
		ID: idOf(username), Username: username,
		DefaultExtension: "0100", LinkedExtensions: []string{"300", "200", "007"}, Groups: []string{"Sales 'n\" <b>Größe</b>", "北京", "default"},
		Permissions: permission.Permissions{
			permission.PortalLogin: permission.On(), permission.VoicemailDownload: permission.Off(),
			permission.VoicemailExtensions: permission.Set(permission.OwnExtension, "1002"), permission.HistoryExtensions: permission.Append("1003"),
			"gone.by_now": permission.Set(),
		},
		Directory: "ldap '\"", ExternalID: "CN=Jane\\,O,DC=x", Picture: "v1",
		Credentials: a.Credentials, Activation: &credential.OneTimeToken{TokenHash: []byte("\x00activation '\xff"), ExpiresAt: at(1), Creator: hostileCreator("activation")},
		EmailCreator: hostileCreator("email"), SessionEpoch: 7, CreatedAt: at(2), UpdatedAt: at(3), PasswordChangedAt: at(4), LastLoginAt: at(5),
		WelcomedAt: at(6), MissingSince: at(7), DeletedAt: at(8),
	}
	fillFields(userman.Fields(), u)
	return u
}
