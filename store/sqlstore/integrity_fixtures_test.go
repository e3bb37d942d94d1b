package sqlstore_test

import (
	"context"
	"database/sql"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// fixture is a database that has rows in all tables, and values in all columns. The
// audit log has all records.
type fixture struct {
	db       *sqlstore.DB
	conn     *sql.DB
	auditLog *audit.Log
	sources  []audit.RecordSource
}

// newFixture returns a fixture whose database enforces no foreign keys and no checks,
// like that of an attacker.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	path, keys := newPath(t), keyring(t)
	sqlitetest.Create(t, path)
	conn := sql.OpenDB(preparedConnector{"file://" + path + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)" +
		"&_pragma=ignore_check_constraints(1)&_txlock=immediate"})
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	db, err := sqlstore.Open(t.Context(), conn, sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
	require.NoError(t, err)
	f := &fixture{db: db, conn: conn, auditLog: audit.New(db.Audit(), keys, nil)}
	f.sources = append(f.sources, ampusers.New(db.Administrators(), nil).AuditSource(), manager.New(db.AMIAccounts(), nil).AuditSource(),
		settings.New(db.Settings(), nil, nil).AuditSource())
	for _, team := range []string{"", "acme"} {
		users := userman.New(db.Users(team), &userman.Options{Dependents: []userman.Dependents{apitoken.Dependents(db.Tokens(team), nil)}})
		t.Cleanup(func() { require.NoError(t, users.Shutdown(context.Background())) })
		f.sources = append(append(f.sources, users.AuditSource()...), extension.New(db.Extensions(team), nil).AuditSource())
	}
	require.NoError(t, db.RunInTx(t.Context(), func(ctx context.Context) error {
		createOf(t, ctx, db, "jane", "")
		createOf(t, ctx, db, "joe", "acme")
		require.NoError(t, db.Settings().PutSettings(ctx, &settings.Record{
			Revision: 1, Values: map[string]store.Secret{"product": store.NewSecret("ACME")}, UpdatedAt: at(3),
		}))
		for _, team := range []string{"", "acme"} {
			require.NoError(t, db.Users(team).SetLoginFields(ctx, userman.LoginFields{Email: true, DefaultExtension: team == ""}))
		}
		deleted := newFilledUser("sam")
		deleted.DeletedAt, deleted.Credentials, deleted.Activation, deleted.Groups, deleted.Picture = at(8), credential.Credentials{}, nil, nil, ""
		require.NoError(t, db.Users("").CreateUser(ctx, deleted))
		_, err := f.auditLog.Baseline(ctx, f.sources...)
		require.NoError(t, err)
		actor := audit.Actor{Kind: audit.Administrator, Name: "jane", RemoteAddr: netip.MustParseAddr("192.0.2.1"), Service: "xmpp"}
		return f.auditLog.Record(audit.WithActor(ctx, actor), audit.Event{
			Action: "apply", Kind: "configuration", Key: "x", Extensions: []string{"101"}, Before: "before", After: "after", State: []byte("state"),
		})
	}))
	return f
}

// createOf creates a record of each kind, with that name.
func createOf(t *testing.T, ctx context.Context, db *sqlstore.DB, name, team string) { //nolint:revive // the context of a transaction
	t.Helper()
	require.NoError(t, db.Administrators().CreateAdministrator(ctx, newAdministrator(t, name)))
	require.NoError(t, db.AMIAccounts().CreateAccount(ctx, newAMIAccount(t, name)))
	require.NoError(t, db.TTLStore().Put(ctx, "session", name, []byte("value of "+name), at(90+len(name))))
	users := db.Users(team)
	require.NoError(t, users.CreateGroup(ctx, &userman.Group{
		Name: "Group of " + name, Description: name, Priority: len(name), Default: name == "jane", Permissions: grants(name),
		Directory: "office", CreatedAt: at(1), UpdatedAt: at(2),
	}))
	u := newFilledUser(name)
	require.NoError(t, users.CreateUser(ctx, u))
	require.NoError(t, users.PutPicture(ctx, u.ID, []byte("picture of "+name)))
	require.NoError(t, users.PutMail(ctx, &mailqueue.Mail{
		UserID: u.ID, Kind: usermail.Welcome, Status: mailqueue.Deferred, Message: "later " + name, Attempts: len(name),
		RequestedBy: mailqueue.Requester{Kind: audit.Administrator, Name: name}, RequestedAt: at(1), FirstAttemptAt: at(2), NextAttemptAt: at(3), UpdatedAt: at(4),
	}))
	require.NoError(t, db.Tokens(team).CreateToken(ctx, newToken(u.ID, apitoken.ID("token-"+name))))
	require.NoError(t, db.Extensions(team).CreateExtension(ctx, newExtension(name)))
}

// at returns a time, and never the same for two numbers.
func at(n int) time.Time { return time.Unix(int64(1_900_000_000+n), 0).UTC() }

func grants(name string) permission.Permissions {
	return permission.Permissions{"x." + name: permission.On()}
}

func creator(of, name string) credential.Creator {
	return credential.Creator{Administrator: of + " creator of " + name, At: at(10)}
}

func newCredentials(name string) credential.Credentials {
	return credential.Credentials{
		PasswordHash: store.NewSecret("$hash of " + name), PasswordCreator: creator("password", name),
		SecondFactor: &credential.TOTP{Secret: store.NewSecret("totp " + name), Confirmed: true, LastStep: 7, RecoveryHashes: [][]byte{[]byte("recovery " + name)}, Creator: creator("factor", name)},
		Invitation:   &credential.OneTimeToken{TokenHash: []byte("invitation " + name), ExpiresAt: at(3), Creator: creator("link", name)},
		Devices:      []credential.TrustedDevice{{TokenHash: []byte("device " + name), LastUsedAt: at(4)}},
	}
}

func ranges(t *testing.T, text string) scope.Ranges {
	t.Helper()
	parsed, err := scope.ParseRanges(text)
	require.NoError(t, err)
	return parsed
}

func newAdministrator(t *testing.T, name string) *ampusers.Administrator {
	t.Helper()
	return &ampusers.Administrator{
		Username: name, DisplayName: "Administrator " + name, Access: ampusers.Limited, Sections: []string{"audit", name},
		Extensions: ranges(t, "100-199"), DIDs: ranges(t, "4930100"), Teams: []string{"acme", name}, Disabled: name == "joe",
		Credentials: newCredentials(name), SessionEpoch: int64(len(name)),
		CreatedAt: at(1), UpdatedAt: at(2), PasswordChangedAt: at(3), LastLoginAt: at(4), CredentialsRevokedAt: at(5),
	}
}

func newAMIAccount(t *testing.T, name string) *manager.Account {
	t.Helper()
	network, err := manager.ParseNetwork("192.0.2.0/24")
	require.NoError(t, err)
	return &manager.Account{
		Name: name, Secret: store.NewSecret("secret of " + name), Deny: []manager.Network{network}, Permit: []manager.Network{network},
		NamedACL: "acl", Read: manager.Call, Write: manager.Originate, DisplayConnects: true, AllowMultipleLogin: name == "joe",
		WriteTimeout: 1000 * len(name), Note: "Note " + name, Owner: "Owner " + name,
		CreatedAt: at(1), UpdatedAt: at(2), SecretChangedAt: at(3),
	}
}

// newFilledUser returns a user with a value in each field but DeletedAt.
func newFilledUser(name string) *userman.User {
	return &userman.User{
		ID: store.UserID("id of " + name), Username: name, Description: "About " + name, Title: "Title " + name, Company: "Company " + name,
		Department: "Department " + name, FirstName: "First " + name, LastName: "Last " + name, DisplayName: "Display " + name,
		Email: name + "@example.com", OtherEmails: []string{"other-" + name + "@example.com"},
		CellPhone: "1" + name, HomePhone: "2" + name, WorkPhone: "3" + name, Fax: "4" + name, Language: "en-" + name, TimeZone: "UTC" + name,
		DefaultExtension: "10-" + name, LinkedExtensions: []string{"20-" + name, "30-" + name}, Groups: []string{"Group of " + name}, Permissions: grants(name),
		Directory: "office", ExternalID: "external " + name, Picture: userman.PictureVersion([]byte("picture of " + name)),
		Credentials: newCredentials(name), Activation: &credential.OneTimeToken{TokenHash: []byte("activation " + name), ExpiresAt: at(5), Creator: creator("softphone", name)},
		SessionEpoch: int64(len(name)), CreatedAt: at(1), UpdatedAt: at(2), PasswordChangedAt: at(3), LastLoginAt: at(4),
		WelcomedAt: at(5), MissingSince: at(7), EmailBlocked: name == "joe", EmailCreator: creator("email", name),
	}
}

func newToken(userID store.UserID, id apitoken.ID) *apitoken.Token {
	return &apitoken.Token{
		ID: id, UserID: userID, Description: "Token " + string(id), Extensions: []string{string(id)}, Modules: []string{string(id)},
		RequestsPerHour: len(id), Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, ExpiresAt: at(9), KeyHash: []byte("key " + id), KeyCreator: creator("key", string(id)),
		HourStartedAt: at(1), HourRequests: 1, CreatedAt: at(1), UpdatedAt: at(2), KeyCreatedAt: at(3), LastUsedAt: at(4),
	}
}

func newExtension(name string) *extension.Extension {
	return &extension.Extension{
		Number: "10-" + name, Name: "Name of " + name, Type: "type-" + name, Codecs: []string{name}, Transport: "transport-" + name, NAT: name == "joe",
		Devices: []extension.Device{
			{Ordinal: len(name), Label: "Label " + name, Secret: store.NewSecret("SIP secret of " + name), SecretChangedAt: at(1)},
		},
		CreatedAt: at(2), UpdatedAt: at(3), LastOrdinal: len(name),
	}
}

// verify verifies the audit log in the transaction of ctx.
func (f *fixture) verify(t *testing.T, ctx context.Context) *audit.Verification { //nolint:revive // the context of a transaction
	t.Helper()
	result, err := f.auditLog.Verify(ctx, f.sources...)
	require.NoError(t, err)
	return result
}

// inTx runs fn in a transaction, and rolls it back.
func (f *fixture) inTx(t *testing.T, fn func(ctx context.Context, tx *sql.Tx)) {
	t.Helper()
	tx, err := f.conn.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	fn(sqlstore.WithTx(t.Context(), tx), tx)
}

// count returns the number of rows of a table that meet a condition.
func (f *fixture) count(t *testing.T, table, condition string) (n int) {
	t.Helper()
	require.NoError(t, f.conn.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table+" WHERE "+condition).Scan(&n))
	return n
}
