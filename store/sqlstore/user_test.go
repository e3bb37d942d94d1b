package sqlstore_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// userWithTOTP returns a user with that ID and a second factor.
func userWithTOTP(id string) *userman.User {
	u := &userman.User{ID: store.UserID(id), Username: id, DisplayName: "in clear"}
	u.Credentials.SecondFactor = &credential.TOTP{Secret: store.NewSecret(plainSecret)}
	return u
}

func TestDB_Users_sealsTOTPSecrets(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db, _ := open(t, path)
	require.NoError(t, db.Users("acme").CreateUser(t.Context(), userWithTOTP("jane")))
	require.NoError(t, db.Users("acme").UpdateUser(t.Context(), "jane", func(u *userman.User) error {
		u.Credentials.SecondFactor.Secret = store.NewSecret(plainSecret + "2")
		return nil
	}))
	requireSealedAtRest(t, path)
}

func TestDB_Users_bindsTOTPSecretToUserAndTeam(t *testing.T) {
	t.Parallel()
	db, conn := open(t, newPath(t))
	for _, team := range []string{"", "acme"} {
		for _, id := range []string{"jane", "bob"} {
			require.NoError(t, db.Users(team).CreateUser(t.Context(), userWithTOTP(id)))
		}
	}
	_, err := conn.ExecContext(t.Context(), `UPDATE pbxusers_users SET second_factor =
		(SELECT second_factor FROM pbxusers_users WHERE team = '' AND id = 'jane') WHERE team = 'acme' OR id = 'bob'`)
	require.NoError(t, err)
	for _, moved := range []struct{ team, id string }{{"", "bob"}, {"acme", "jane"}, {"acme", "bob"}} {
		_, err := db.Users(moved.team).User(t.Context(), store.UserID(moved.id))
		require.ErrorIs(t, err, store.ErrDecrypt)
		require.NotContains(t, err.Error(), plainSecret)
	}
	_, err = db.Users("").User(t.Context(), "jane")
	require.NoError(t, err)
}

func TestDB_Users_errorOmitsColumnContent(t *testing.T) {
	t.Parallel()
	for table, columns := range map[string][]string{
		"pbxusers_users":  {"other_emails", "linked_extensions", "group_names", "permissions", "devices", "recovery_hashes"},
		"pbxusers_groups": {"permissions"},
		"pbxusers_tokens": {"extensions", "modules", "addresses"},
	} {
		for _, column := range columns {
			db, conn := open(t, newPath(t))
			st, tokens := db.Users(""), db.Tokens("")
			require.NoError(t, st.CreateUser(t.Context(), userWithTOTP("jane")))
			require.NoError(t, st.CreateGroup(t.Context(), &userman.Group{Name: "Sales"}))
			require.NoError(t, tokens.CreateToken(t.Context(), &apitoken.Token{ID: "token", UserID: "jane"}))
			_, err := conn.ExecContext(t.Context(), "UPDATE "+table+" SET "+column+` = '["personal data"'`)
			require.NoError(t, err)
			_, userErr := st.User(t.Context(), "jane")
			_, groupErr := st.Group(t.Context(), "Sales")
			_, ownerErr := tokens.TokenWithOwner(t.Context(), "token")
			errs := map[string][]error{
				"pbxusers_users": {userErr, ownerErr}, "pbxusers_groups": {groupErr}, "pbxusers_tokens": {ownerErr},
			}[table]
			for _, err := range errs {
				require.ErrorContains(t, err, column)
				require.NotContains(t, err.Error(), "personal")
			}
		}
	}
}

func TestDB_Users_roundTripsNULAndInvalidUTF8(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	want := &userman.User{ID: "\x00\xff", Username: "a\x00b\xff", DisplayName: "\x00name\xfe\x00", DefaultExtension: "\x00", Title: "x\x00\xfdé"}
	require.NoError(t, db.Users("\x00").CreateUser(t.Context(), want))
	got, err := db.Users("\x00").User(t.Context(), want.ID)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, search := range []string{"\x00", "\xff", "E\xfe", "\x00NAME", "\ufffd", "x", "\xfex", "A\x00B", "\x00\xfdÉ"} {
		q := userman.Query{Search: search}
		list, err := db.Users("\x00").ListUsers(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, q.Match(want), len(list.Items) == 1, "%q", search)
	}
}

func TestDB_Users_oneTimeTokenIsUniquePerTeam(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	invited := func(id string) *userman.User {
		u := &userman.User{ID: store.UserID(id), Username: id}
		u.Credentials.Invitation = &credential.OneTimeToken{TokenHash: []byte("one hash"), ExpiresAt: time.Now()}
		return u
	}
	require.NoError(t, db.Users("").CreateUser(t.Context(), invited("jane")))
	err := db.Users("").CreateUser(t.Context(), invited("bob"))
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrAlreadyExists, "not an error of the caller")
	require.NoError(t, db.Users("acme").CreateUser(t.Context(), invited("bob")))
}

func TestDB_Tokens_rejectsInvalidNetwork(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	tokens := db.Tokens("")
	require.NoError(t, db.Users("").CreateUser(t.Context(), userWithTOTP("jane")))
	for name, prefix := range map[string]netip.Prefix{"none": {}, "too long": netip.PrefixFrom(netip.MustParseAddr("192.0.2.1"), 33)} {
		bad := &apitoken.Token{ID: "token", UserID: "jane", Addresses: []netip.Prefix{prefix}}
		require.Error(t, tokens.CreateToken(t.Context(), bad), name)
	}
	list, err := tokens.ListTokens(t.Context(), "", store.PageRequest{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}

// createManyUsers stores n users with groups and extensions.
func createManyUsers(t testing.TB, db *sqlstore.DB, n int) {
	t.Helper()
	st := db.Users("")
	require.NoError(t, db.RunInTx(t.Context(), func(ctx context.Context) error {
		for i := range 20 {
			if err := st.CreateGroup(ctx, &userman.Group{Name: fmt.Sprintf("Group %d", i), Priority: i}); err != nil {
				return err
			}
		}
		for i := range n {
			if err := st.CreateUser(ctx, nthUser(i)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// nthUser returns the i-th of many realistic users.
func nthUser(i int) *userman.User {
	u := &userman.User{
		ID: store.UserID(fmt.Sprintf("%024d", i*7919%1_000_003)), Username: fmt.Sprintf("worker.%05d@example.com", i), FirstName: "Jane", LastName: fmt.Sprintf("Doe %d", i%1000),
		Email: fmt.Sprintf("worker.%05d@example.com", i), WorkPhone: fmt.Sprintf("+49 30 1234-%d", i), Department: "Sales", Company: "Example Ltd.", Language: "de",
		DefaultExtension: fmt.Sprintf("1%05d", i), LinkedExtensions: []string{"2000", fmt.Sprintf("3%05d", i/4)},
		Groups:      []string{fmt.Sprintf("Group %d", i%20), fmt.Sprintf("Group %d", (i+1)%20)},
		Permissions: permission.Permissions{permission.PortalLogin: permission.On(), permission.VoicemailExtensions: permission.Set(permission.OwnExtensions)},
		CreatedAt:   createdAt(i), UpdatedAt: createdAt(i + 1), LastLoginAt: createdAt(i + 2), SessionEpoch: 3, WelcomedAt: createdAt(i),
	}
	u.Credentials.PasswordHash = store.NewSecret("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	u.Credentials.Devices = []credential.TrustedDevice{{TokenHash: []byte("0123456789abcdef0123456789abcdef"), LastUsedAt: createdAt(i)}}
	if i%2 == 0 {
		u.Credentials.SecondFactor = &credential.TOTP{Secret: store.NewSecret("JBSWY3DPEHPK3PXP"), Confirmed: true, LastStep: int64(i)}
	}
	return u
}
