package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// administratorWithTOTP returns an administrator with that name.
func administratorWithTOTP(username string) *ampusers.Administrator {
	a := &ampusers.Administrator{Username: username, DisplayName: "in clear"}
	a.Credentials.SecondFactor = &credential.TOTP{Secret: store.NewSecret(plainSecret)}
	return a
}

func TestDB_Administrators_sealsTOTPSecretsAndTTLValues(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db, _ := open(t, path)
	require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), administratorWithTOTP("jane")))
	require.NoError(t, db.Administrators().UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Credentials.SecondFactor.Secret = store.NewSecret(plainSecret + "2")
		return nil
	}))
	for range 2 {
		require.NoError(t, db.TTLStore().Put(t.Context(), "session", "key", []byte(plainSecret), time.Now().Add(time.Hour)))
	}
	requireSealedAtRest(t, path)
}

func TestDB_Administrators_rejectsSealedValueOfOtherRow(t *testing.T) {
	t.Parallel()
	db, conn := open(t, newPath(t))
	for _, username := range []string{"jane", "bob"} {
		require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), administratorWithTOTP(username)))
		require.NoError(t, db.TTLStore().Put(t.Context(), "session", username, []byte(plainSecret), time.Now().Add(time.Hour)))
	}
	for _, move := range []string{
		`UPDATE pbxusers_administrators SET second_factor =
			(SELECT second_factor FROM pbxusers_administrators WHERE folded_username = 'jane') WHERE folded_username = 'bob'`,
		`UPDATE pbxusers_ttl_values SET value = (SELECT value FROM pbxusers_ttl_values WHERE item = 'jane') WHERE item = 'bob'`,
	} {
		_, err := conn.ExecContext(t.Context(), move)
		require.NoError(t, err)
	}
	_, err := db.Administrators().Administrator(t.Context(), "bob")
	require.ErrorIs(t, err, store.ErrDecrypt)
	require.NotContains(t, err.Error(), plainSecret)
	_, err = db.TTLStore().Get(t.Context(), "session", "bob", time.Now())
	require.ErrorIs(t, err, store.ErrDecrypt)
	require.NotContains(t, err.Error(), plainSecret)
}

func TestDB_Administrators_errorOmitsColumnContent(t *testing.T) {
	t.Parallel()
	for _, column := range []string{"sections", "teams", "extensions", "dids", "devices", "recovery_hashes"} {
		db, conn := open(t, newPath(t))
		require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), administratorWithTOTP("jane")))
		_, err := conn.ExecContext(t.Context(), "UPDATE pbxusers_administrators SET "+column+` = '["personal data"'`)
		require.NoError(t, err)
		_, err = db.Administrators().Administrator(t.Context(), "jane")
		require.ErrorContains(t, err, column)
		require.NotContains(t, err.Error(), "personal")
	}
}

func TestDB_Administrators_roundTripsNULAndInvalidUTF8(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	want := &ampusers.Administrator{Username: "a\x00b\xff", DisplayName: "\x00name\xfe\x00"}
	require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), want))
	got, err := db.Administrators().Administrator(t.Context(), want.Username)
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, search := range []string{"\x00", "\xff", "E\xfe", "\x00NAME", "\ufffd", "x", "\xfex", "A\x00B"} {
		q := ampusers.Query{Search: search}
		list, err := db.Administrators().ListAdministrators(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, q.Match(want), len(list.Items) == 1, "%q", search)
	}
}

func TestDB_Administrators_invitationTokenIsUnique(t *testing.T) {
	t.Parallel()
	db, _ := open(t, newPath(t))
	invited := func(username string) *ampusers.Administrator {
		a := &ampusers.Administrator{Username: username}
		a.Credentials.Invitation = &credential.OneTimeToken{TokenHash: []byte("one hash"), ExpiresAt: time.Now()}
		return a
	}
	require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), invited("jane")))
	require.Error(t, db.Administrators().CreateAdministrator(t.Context(), invited("bob")))
	a, err := db.Administrators().AdministratorByInvitation(t.Context(), []byte("one hash"))
	require.NoError(t, err)
	require.Equal(t, "jane", a.Username)
}
