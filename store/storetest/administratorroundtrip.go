package storetest

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
)

func administratorRoundTripRules() []rule {
	return []rule{
		{"administrator_stored", administratorStored},
		{"empty_administrator_stored", emptyAdministratorStored},
		{"derived_fields_not_stored", derivedFieldsNotStored},
		{"administrator_times_stored", administratorTimesStored},
		{"hostile_administrator_stored", hostileAdministratorStored},
	}
}

// requireSameAdministrator compares every field. Empty and missing lists are the same.
func requireSameAdministrator(t require.TestingT, want, got *ampusers.Administrator) {
	want, got = normalizeAdministrator(want), normalizeAdministrator(got)
	require.Equal(t, want.Extensions.String(), got.Extensions.String())
	require.Equal(t, want.DIDs.String(), got.DIDs.String())
	got.Extensions, got.DIDs = want.Extensions, want.DIDs // equal, with any internal form
	require.Equal(t, want, got)
}

func normalizeAdministrator(a *ampusers.Administrator) *ampusers.Administrator {
	c := a.Clone()
	for _, list := range []*[]string{&c.Sections, &c.Teams} {
		*list = append([]string(nil), *list...)
	}
	normalizeCredentials(&c.Credentials)
	return c
}

// requireAdministratorEverywhere reads want, the only administrator, with every
// method.
func requireAdministratorEverywhere(t *testing.T, rt require.TestingT, b Backend, want *ampusers.Administrator) {
	a, err := b.Administrators().Administrator(t.Context(), want.Username)
	require.NoError(rt, err)
	requireSameAdministrator(rt, want, a)
	list, err := b.Administrators().ListAdministrators(t.Context(), ampusers.Query{})
	require.NoError(rt, err)
	require.Len(rt, list.Items, 1)
	requireSameAdministrator(rt, want, list.Items[0])
	visited := 0
	require.NoError(rt, b.Administrators().EachAdministrator(t.Context(), func(a *ampusers.Administrator) error {
		visited++
		requireSameAdministrator(rt, want, a)
		return nil
	}))
	require.Equal(rt, 1, visited)
	if invitation := want.Credentials.Invitation; invitation != nil {
		invited, err := b.Administrators().AdministratorByInvitation(t.Context(), invitation.TokenHash)
		require.NoError(rt, err)
		requireSameAdministrator(rt, want, invited)
	}
}

func administratorStored(t *testing.T, b Backend) {
	want := hostileAdministrator("jane.admin")
	requireFilled(t, reflect.ValueOf(*want), "HasPassword", "HasSecondFactor", "InvitationExpiresAt")
	require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), want))
	requireAdministratorEverywhere(t, t, b, want)
}

// requireFilled requires that no field of a struct is zero, including nested
// structs, with exceptions: a new field of the record must be added to this suite,
// too.
func requireFilled(t *testing.T, v reflect.Value, except ...string) {
	t.Helper()
	for i := range v.NumField() {
		name, field := v.Type().Field(i).Name, v.Field(i)
		if len(except) > 0 && strings.Contains(" "+strings.Join(except, " ")+" ", " "+name+" ") {
			continue
		}
		require.False(t, field.IsZero(), "%s.%s", v.Type(), name)
		for field.Kind() == reflect.Pointer || field.Kind() == reflect.Slice {
			if field.Kind() == reflect.Slice {
				field = field.Index(0)
				continue
			}
			field = field.Elem()
		}
		if field.Kind() == reflect.Struct && field.NumField() > 0 && field.Type().Field(0).IsExported() {
			requireFilled(t, field)
		}
	}
}

func emptyAdministratorStored(t *testing.T, b Backend) {
	want := &ampusers.Administrator{Username: "jane"}
	require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), want))
	requireAdministratorEverywhere(t, t, b, want)
	a, err := b.Administrators().Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.True(t, a.Extensions.IsUnrestricted())
	require.True(t, a.Credentials.PasswordHash.IsZero())
	require.Nil(t, a.Credentials.SecondFactor)
	require.Nil(t, a.Credentials.Invitation)
	for _, at := range []time.Time{a.CreatedAt, a.UpdatedAt, a.PasswordChangedAt, a.LastLoginAt} {
		require.True(t, at.IsZero())
	}
}

func derivedFieldsNotStored(t *testing.T, b Backend) {
	given := newAdministrator("jane")
	given.HasPassword, given.HasSecondFactor, given.InvitationExpiresAt = true, true, time.Now()
	require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), given))
	requireAdministratorEverywhere(t, t, b, newAdministrator("jane"))
}

func administratorTimesStored(t *testing.T, b Backend) {
	precise, truncated := time.Date(2026, 11, 22, 9, 30, 0, 123_456_789, time.FixedZone("CET", 3600)), time.Date(2026, 11, 22, 8, 30, 0, 123_456_000, time.UTC)
	withTimes := func(at time.Time) *ampusers.Administrator {
		a := hostileAdministrator("jane")
		a.CreatedAt, a.UpdatedAt, a.PasswordChangedAt, a.LastLoginAt = at, at.Add(time.Hour), at.Add(2*time.Hour), at.Add(3*time.Hour)
		a.Credentials.Invitation.ExpiresAt = at.Add(4 * time.Hour)
		a.Credentials.Devices[0].LastUsedAt = at.Add(5 * time.Hour)
		return a
	}
	require.NoError(t, b.Administrators().CreateAdministrator(t.Context(), withTimes(precise)))
	requireAdministratorEverywhere(t, t, b, withTimes(truncated))
}

// hostileAdministratorStored also writes values that the service would reject, like
// hostileValuesStored.
func hostileAdministratorStored(t *testing.T, b Backend) {
	rapid.Check(t, func(rt *rapid.T) {
		first, second := drawAdministrator(rt), drawAdministrator(rt)
		second.Username = first.Username
		require.NoError(rt, b.Administrators().CreateAdministrator(t.Context(), first))
		require.NoError(rt, b.Administrators().UpdateAdministrator(t.Context(), first.Username, func(a *ampusers.Administrator) error {
			requireSameAdministrator(rt, first, a)
			*a = *second
			return nil
		}))
		requireAdministratorEverywhere(t, rt, b, second)
		require.NoError(rt, b.Administrators().DeleteAdministrator(t.Context(), first.Username))
	})
}

func drawAdministrator(t *rapid.T) *ampusers.Administrator {
	text := rapid.OneOf(rapid.SampledFrom(hostileTexts()), rapid.Map(rapid.String(), withoutNUL))
	return &ampusers.Administrator{
		Username:          "x" + text.Draw(t, "username"),
		DisplayName:       text.Draw(t, "display_name"),
		Access:            rapid.SampledFrom([]ampusers.AccessLevel{ampusers.Full, ampusers.Limited, "", "odd"}).Draw(t, "access"),
		Sections:          rapid.SliceOfN(text, 0, 3).Draw(t, "sections"),
		Teams:             rapid.SliceOfN(text, 0, 3).Draw(t, "teams"),
		Extensions:        drawRanges(t),
		DIDs:              drawRanges(t),
		Disabled:          rapid.Bool().Draw(t, "disabled"),
		Credentials:       drawCredentials(t, text),
		SessionEpoch:      rapid.Int64().Draw(t, "session_epoch"),
		CreatedAt:         drawTime(t),
		UpdatedAt:         drawTime(t),
		PasswordChangedAt: drawTime(t),
		LastLoginAt:       drawTime(t),

		CredentialsRevokedAt: drawTime(t),
	}
}

func drawRanges(t *rapid.T) scope.Ranges {
	ranges, err := scope.ParseRanges(strings.Join(rapid.SliceOfN(rapid.StringMatching(`\+?[0-9]{1,19}|1[0-9]{2}-2[0-9]{2}`), 0, 5).Draw(t, "ranges"), ","))
	require.NoError(t, err)
	return ranges
}

func drawCredentials(t *rapid.T, text *rapid.Generator[string]) credential.Credentials {
	hash := rapid.SliceOfN(rapid.Byte(), 1, 40)
	c := credential.Credentials{PasswordHash: store.NewSecret(text.Draw(t, "password_hash")), PasswordCreator: drawCreator(t, text)}
	if rapid.Bool().Draw(t, "second_factor") {
		c.SecondFactor = &credential.TOTP{
			Secret:         store.NewSecret(string(rapid.SliceOf(rapid.Byte()).Draw(t, "secret"))),
			Confirmed:      rapid.Bool().Draw(t, "confirmed"),
			LastStep:       rapid.Int64().Draw(t, "last_step"),
			RecoveryHashes: rapid.SliceOfN(hash, 0, 3).Draw(t, "recovery_hashes"),
			Creator:        drawCreator(t, text),
		}
	}
	if rapid.Bool().Draw(t, "invitation") {
		c.Invitation = &credential.OneTimeToken{TokenHash: hash.Draw(t, "token_hash"), ExpiresAt: drawTime(t), Creator: drawCreator(t, text)}
	}
	for range rapid.IntRange(0, 3).Draw(t, "devices") {
		c.Devices = append(c.Devices, credential.TrustedDevice{TokenHash: hash.Draw(t, "token_hash"), LastUsedAt: drawTime(t)})
	}
	return c
}

// drawCreator returns a creator or none.
func drawCreator(t *rapid.T, text *rapid.Generator[string]) credential.Creator {
	if rapid.Bool().Draw(t, "no creator") {
		return credential.Creator{}
	}
	return credential.Creator{Administrator: "x" + text.Draw(t, "creator"), At: drawTime(t)}
}

// hostileCreator returns a creator with a value that the service would reject.
func hostileCreator(name string) credential.Creator {
	return credential.Creator{Administrator: name + " '\"\n 北京 7", At: time.Date(2025, 1, 2, 3, 4, 5, 678_901_000, time.UTC)}
}

// hostileAdministrator has a value in every stored field.
func hostileAdministrator(username string) *ampusers.Administrator {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC)
	return &ampusers.Administrator{
		Username: username, DisplayName: "<b>Jane</b> & 'Größe' 北京\n\\",
		Access: ampusers.Limited, Sections: []string{"administrators", `"';\`, "[]"}, Teams: []string{"", "acme", ",;"},
		Extensions: mustRanges("100-199,205,007"), DIDs: mustRanges("+4930123456"), Disabled: true,
		Credentials: credential.Credentials{
			PasswordHash: store.NewSecret("$argon2id$v=19$m=64,t=1,p=1$c2FsdA$aGFzaA"), PasswordCreator: hostileCreator("password"),
			SecondFactor: &credential.TOTP{
				Secret: store.NewSecret("s3cret \x00\xff\n'\""), Confirmed: true, LastStep: math.MaxInt64,
				RecoveryHashes: [][]byte{{0, 1, 255}, []byte("'\"")}, Creator: hostileCreator("factor"),
			},
			Invitation: &credential.OneTimeToken{TokenHash: []byte("\x00token '\xff"), ExpiresAt: at.Add(time.Hour), Creator: hostileCreator("link")},
			Devices:    []credential.TrustedDevice{{TokenHash: []byte("\x00\xff"), LastUsedAt: at.Add(2 * time.Hour)}, {TokenHash: []byte("second"), LastUsedAt: at}},
		},
		SessionEpoch: 7,
		CreatedAt:    at, UpdatedAt: at.Add(3 * time.Hour), PasswordChangedAt: at.Add(4 * time.Hour), LastLoginAt: at.Add(5 * time.Hour),
		CredentialsRevokedAt: at.Add(6 * time.Hour),
	}
}

func mustRanges(text string) scope.Ranges {
	ranges, err := scope.ParseRanges(text)
	if err != nil {
		panic(err)
	}
	return ranges
}
