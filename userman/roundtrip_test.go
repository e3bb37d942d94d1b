package userman_test

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// userGenerator draws people of whom most are taken.
func userGenerator() *rapid.Generator[*userman.User] {
	text := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.L, unicode.Mn, unicode.N, unicode.P, unicode.S), 0, 20, -1), rapid.Just(""),
		rapid.SampledFrom([]string{"Zoe\u0308", " ﬁnn ", "<b>", "\u1e9b\u0323", "é\u0301x", "İ", "王小明", "\u00a0a b\u3000", "=1+1"}),
	)
	phone := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`\+?[0-9][0-9 ()./*#-]{0,11}( x[0-9]{1,4})?`))
	email := rapid.StringMatching(`[a-zA-Zé]([a-zA-Zé+]|\.[a-z]){0,8}@[A-Za-zÄİΣ]([a-zÄ-]{0,3}[A-Zıß])?\.[a-zA-Z]{2,3}`)
	extension := rapid.OneOf(rapid.StringMatching(`0?[0-9]{1,5}`), rapid.Just(""), rapid.Just(" 10 "))
	return rapid.Custom(func(t *rapid.T) *userman.User {
		return &userman.User{
			Username:    rapid.StringMatching(`[\p{L}0-9][\p{L}0-9._@+-]{1,20}`).Draw(t, "username"),
			Description: text.Draw(t, "description"), Title: text.Draw(t, "title"), Company: text.Draw(t, "company"), Department: text.Draw(t, "department"),
			FirstName: text.Draw(t, "first name"), LastName: text.Draw(t, "last name"), DisplayName: text.Draw(t, "display name"),
			Email: rapid.OneOf(email, rapid.Just("")).Draw(t, "email"), OtherEmails: rapid.SliceOfN(email, 0, 3).Draw(t, "further emails"),
			CellPhone: phone.Draw(t, "cell"), HomePhone: phone.Draw(t, "home"), WorkPhone: phone.Draw(t, "work"), Fax: phone.Draw(t, "fax"),
			Language:         rapid.SampledFrom([]string{"", "de", "EN-us", "zh-hans", "iw", "sr-latn-rs", "zh-cmn-Hant", "de-1996"}).Draw(t, "language"),
			TimeZone:         rapid.SampledFrom([]string{"", "UTC", "Europe/Berlin", "GMT+0"}).Draw(t, "zone"),
			DefaultExtension: extension.Draw(t, "default"), LinkedExtensions: rapid.SliceOfN(extension, 0, 4).Draw(t, "linked"),
			Groups: rapid.SampledFrom([][]string{nil, {"sales"}, {"SALES", "Zoë"}}).Draw(t, "groups"),
			Permissions: rapid.SampledFrom([]permission.Permissions{
				nil, {permission.PortalLogin: permission.Off()}, {permission.VoicemailExtensions: permission.Append("1002", permission.OwnExtension)}, {permission.HistoryExtensions: permission.Set()},
			}).Draw(t, "permissions"),
			Disabled: rapid.Bool().Draw(t, "disabled"), MustChangePassword: rapid.Bool().Draw(t, "must change"),
			ExternalID: text.Draw(t, "external ID"),
		}
	})
}

// Whatever is taken is read back as it was answered, and can be kept again as it
// is: the form in which it is kept is one that is taken.
func TestService_Create_roundTripsAcceptedUser(t *testing.T) {
	t.Parallel()
	accepted, envs := 0, []*env{}
	for _, db := range []backend{memstore.New(), sqlitetest.New(t)} {
		h := newServiceWithDB(t, db, "", func(o *userman.Options) { o.Audit = nil })
		h.createGroup(t, "Sales", nil)
		h.createGroup(t, "Zoë", nil)
		envs = append(envs, h)
	}
	rapid.Check(t, func(r *rapid.T) {
		u := userGenerator().Draw(r, "person")
		for _, h := range envs {
			created, err := h.Create(t.Context(), userman.NewUser{User: u, NoDefaultGroups: true})
			if err != nil {
				return
			}
			r.Cleanup(func() { require.NoError(t, h.store.DeleteUser(t.Context(), created.ID)) })
			accepted++
			read, err := h.GetByID(t.Context(), created.ID)
			require.NoError(r, err)
			require.Equal(r, toJSON(t, created), toJSON(t, read))
			require.Equal(r, toJSON(t, created), toJSON(t, h.update(t, created.Username, func(*userman.User) {})), "editing nothing changes nothing")
		}
	})
	require.Positive(t, accepted)
}
