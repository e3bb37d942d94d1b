package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// swap swaps the values of a column in the two rows of a table, as an attacker who can
// write SQL.
func swap(t *testing.T, conn *sql.DB, table, column string) {
	t.Helper()
	tx, err := conn.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	var values [2]any
	var rows [2]int64
	for i, order := range []string{"", " DESC"} {
		row := tx.QueryRowContext(t.Context(), "SELECT rowid, "+column+" FROM "+table+" ORDER BY rowid"+order+" LIMIT 1")
		require.NoError(t, row.Scan(&rows[i], &values[i]))
	}
	require.NotEqual(t, values[0], values[1])
	for _, set := range []struct {
		row   int64
		value any
	}{{rows[0], []byte("~")}, {rows[1], values[0]}, {rows[0], values[1]}} {
		if _, isText := values[0].(string); isText && set.value != values[0] && set.value != values[1] {
			set.value = "~"
		}
		_, err := tx.ExecContext(t.Context(), "UPDATE "+table+" SET "+column+" = ? WHERE rowid = ?", set.value, set.row)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
}

// openWithLog opens a new database without foreign keys, and returns its log.
func openWithLog(t *testing.T) (db *sqlstore.DB, conn *sql.DB, keys *store.Keyring, log *bytes.Buffer) {
	t.Helper()
	conn, err := sql.Open("sqlite", "file://"+newPath(t)+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	keys, log = keyring(t), &bytes.Buffer{}
	db, err = sqlstore.Open(t.Context(), conn, sqlstore.SQLite, &sqlstore.Options{
		Keyring: keys, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	require.NoError(t, err)
	return db, conn, keys, log
}

func requireLogged(t *testing.T, log *bytes.Buffer) {
	t.Helper()
	require.Contains(t, log.String(), "modified outside this program; verify the audit log")
	log.Reset()
}

func TestDB_Users_lookupRejectsSwappedRows(t *testing.T) {
	t.Parallel()
	for column, find := range map[string]func(db userman.Store) error{
		"unique_username": func(db userman.Store) error {
			_, err := db.FindUser(t.Context(), userman.UserLookup{Username: "Jane"})
			return err
		},
		"unique_extension": func(db userman.Store) error {
			_, err := db.FindUser(t.Context(), userman.UserLookup{DefaultExtension: "10-jane"})
			return err
		},
		"unique_external_id": func(db userman.Store) error {
			_, err := db.FindUser(t.Context(), userman.UserLookup{Directory: "office", ExternalID: "external jane"})
			return err
		},
		"folded_email": func(db userman.Store) error {
			list, err := db.ListUsers(t.Context(), userman.Query{Email: "jane@example.com"})
			require.NoError(t, err)
			require.Empty(t, list.Items)
			return &store.NotFoundError{}
		},
	} {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			db, conn, _, log := openWithLog(t)
			for _, name := range []string{"jane", "bob"} {
				u := newFilledUser(name)
				u.Groups = nil
				require.NoError(t, db.Users("").CreateUser(t.Context(), u))
			}
			swap(t, conn, "pbxusers_users", column)
			require.ErrorIs(t, find(db.Users("")), store.ErrNotFound)
			requireLogged(t, log)
		})
	}
}

func TestDB_Users_lookupRejectsLinkWithoutExpiry(t *testing.T) {
	t.Parallel()
	db, conn, _, log := openWithLog(t)
	u := newFilledUser("jane")
	u.Groups = nil
	require.NoError(t, db.Users("").CreateUser(t.Context(), u))
	for column, key := range map[string]userman.UserLookup{
		"invitation_expires_at": {InvitationHash: u.Credentials.Invitation.TokenHash},
		"activation_expires_at": {ActivationHash: u.Activation.TokenHash},
	} {
		_, err := db.Users("").FindUser(t.Context(), key)
		require.NoError(t, err)
		_, err = conn.ExecContext(t.Context(), "UPDATE pbxusers_users SET "+column+" = NULL")
		require.NoError(t, err)
		_, err = db.Users("").FindUser(t.Context(), key)
		require.ErrorIs(t, err, store.ErrNotFound, column)
		requireLogged(t, log)
	}
}

func TestDB_Administrators_lookupRejectsSwappedRows(t *testing.T) {
	t.Parallel()
	db, conn, _, log := openWithLog(t)
	for _, name := range []string{"jane", "bob"} {
		require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), newAdministrator(t, name)))
		require.NoError(t, db.Users("").CreateGroup(t.Context(), &userman.Group{Name: name}))
	}
	_, err := conn.ExecContext(t.Context(), "UPDATE pbxusers_administrators SET second_factor = NULL")
	require.NoError(t, err)
	for _, key := range []struct {
		table, column string
		find          func() error
	}{
		{"pbxusers_administrators", "folded_username", func() error {
			_, err := db.Administrators().Administrator(t.Context(), "jane")
			return err
		}},
		{"pbxusers_groups", "folded_name", func() error {
			_, err := db.Users("").Group(t.Context(), "jane")
			return err
		}},
	} {
		require.NoError(t, key.find(), key.table)
		swap(t, conn, key.table, key.column)
		require.ErrorIs(t, key.find(), store.ErrNotFound, key.table)
		requireLogged(t, log)
	}
	_, err = conn.ExecContext(t.Context(), "UPDATE pbxusers_administrators SET invitation_expires_at = NULL")
	require.NoError(t, err)
	_, err = db.Administrators().AdministratorByInvitation(t.Context(), []byte("invitation jane"))
	require.ErrorIs(t, err, store.ErrNotFound)
	requireLogged(t, log)
}

func TestDB_AMIAccounts_lookupRejectsChangedName(t *testing.T) {
	t.Parallel()
	db, conn, _, log := openWithLog(t)
	require.NoError(t, db.AMIAccounts().CreateAccount(t.Context(), &manager.Account{Name: "crm"}))
	_, err := conn.ExecContext(t.Context(), "UPDATE pbxusers_ami_accounts SET name = 'dialer'")
	require.NoError(t, err)
	_, err = db.AMIAccounts().Account(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
	requireLogged(t, log)
}

// loginEnv has two administrators and two users with passwords and tokens.
type loginEnv struct {
	conn           *sql.DB
	auditLog       *audit.Log
	administrators *ampusers.Service
	users          *userman.Service
	tokens         *apitoken.Service
	// tokenIDs and keys are the API tokens of each user.
	tokenIDs map[string]apitoken.ID
	keys     map[string]store.Secret
}

// passwordOf returns the password of an administrator or a user.
func passwordOf(name string) store.Secret {
	return store.NewSecret(map[string]string{"jane": "vivid-otter-73-lanterns", "robert": "brisk-badger-19-harbours"}[name])
}

func newLoginEnv(t *testing.T) *loginEnv {
	t.Helper()
	db, conn, keys, _ := openWithLog(t)
	cheap := credential.Argon2{Memory: 64, Time: 1, Threads: 1}
	e := &loginEnv{
		conn: conn, auditLog: audit.New(db.Audit(), keys, nil), tokenIDs: map[string]apitoken.ID{}, keys: map[string]store.Secret{},
	}
	e.administrators = ampusers.New(db.Administrators(), &ampusers.Options{Argon2: cheap, Audit: e.auditLog, TTLStore: db.TTLStore()})
	dependents := apitoken.Dependents(db.Tokens(""), &apitoken.Options{Audit: e.auditLog})
	e.users = userman.New(db.Users(""), &userman.Options{
		Argon2: cheap, Audit: e.auditLog, TTLStore: db.TTLStore(), LoginByEmail: true, LoginByExtension: true, Dependents: []userman.Dependents{dependents},
	})
	t.Cleanup(func() { require.NoError(t, e.users.Shutdown(context.Background())) })
	e.tokens = apitoken.New(db.Tokens(""), e.users, &apitoken.Options{Audit: e.auditLog})
	for i, name := range []string{"jane", "robert"} {
		_, err := e.administrators.Create(t.Context(), &ampusers.Administrator{Username: name, Access: ampusers.Full}, passwordOf(name))
		require.NoError(t, err)
		u := &userman.User{Username: name, Email: name + "@example.com", DefaultExtension: []string{"1001", "1002"}[i]}
		_, err = e.users.Create(t.Context(), userman.NewUser{User: u, Password: passwordOf(name)})
		require.NoError(t, err)
		token, key, err := e.tokens.Create(t.Context(), name, &apitoken.Token{})
		require.NoError(t, err)
		e.tokenIDs[name], e.keys[name] = token.ID, key
	}
	return e
}

// login returns the username of the user who logs in under a name with the password of
// robert, or "".
func (e *loginEnv) login(t *testing.T, name string) string {
	t.Helper()
	login, err := e.users.Authenticate(t.Context(), credential.LoginAttempt{
		Username: name, Password: passwordOf("robert"), RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	})
	if err != nil {
		require.ErrorIs(t, err, store.ErrForbidden)
		return ""
	}
	return login.User.Username
}

// requireTampering requires that the audit log finds a modification.
func (e *loginEnv) requireTampering(t *testing.T) {
	t.Helper()
	result, err := e.auditLog.Verify(t.Context(), append(e.users.AuditSource(), e.administrators.AuditSource())...)
	require.NoError(t, err)
	require.NotEmpty(t, result.Findings)
}

func TestDB_Users_swappedRowsLetNobodyLogInAsAnother(t *testing.T) {
	t.Parallel()
	const swapNames = `UPDATE pbxusers_login_names SET user_id = (SELECT id FROM pbxusers_users u WHERE u.id <> pbxusers_login_names.user_id)`
	for names, attack := range map[[2]string]func(e *loginEnv){
		{"robert", "jane"}: func(e *loginEnv) {
			swap(t, e.conn, "pbxusers_users", "unique_username")
			e.exec(t, swapNames)
		},
		{"robert@example.com", "jane@example.com"}: func(e *loginEnv) { e.exec(t, swapNames) },
		{"1002", "1001"}: func(e *loginEnv) { e.exec(t, swapNames) },
	} {
		t.Run(names[1], func(t *testing.T) {
			t.Parallel()
			e := newLoginEnv(t)
			require.NoError(t, e.users.LoginNames().Apply(t.Context()))
			require.Equal(t, "robert", e.login(t, names[0]))
			require.Empty(t, e.login(t, names[1]))
			attack(e)
			require.Empty(t, e.login(t, names[1]), "the password of robert must not open what is found as jane")
			e.requireTampering(t)
		})
	}
}

func (e *loginEnv) exec(t *testing.T, statement string) {
	t.Helper()
	_, err := e.conn.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

func TestDB_Administrators_swappedRowsLetNobodyLogInAsAnother(t *testing.T) {
	t.Parallel()
	e := newLoginEnv(t)
	attempt := credential.LoginAttempt{Username: "jane", Password: passwordOf("robert"), RemoteAddr: netip.MustParseAddr("192.0.2.1")}
	swap(t, e.conn, "pbxusers_administrators", "folded_username")
	_, err := e.administrators.Authenticate(t.Context(), attempt)
	require.ErrorIs(t, err, store.ErrForbidden)
	e.requireTampering(t)
}

// A token and a link name their user in the record itself, which the audit log proves.
func TestDB_Audit_findsSwappedTokensAndLinks(t *testing.T) {
	t.Parallel()
	for _, column := range []string{
		"pbxusers_tokens.id", "pbxusers_tokens.user_id", "pbxusers_tokens.key_hash",
		"pbxusers_users.invitation_hash", "pbxusers_administrators.invitation_hash",
	} {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			e := newLoginEnv(t)
			for _, name := range []string{"jane", "robert"} {
				_, err := e.users.Invite(t.Context(), name)
				require.NoError(t, err)
				_, err = e.administrators.Invite(t.Context(), name)
				require.NoError(t, err)
			}
			table, name, _ := strings.Cut(column, ".")
			swap(t, e.conn, table, name)
			e.requireTampering(t)
		})
	}
}

func TestDB_Tokens_keyOpensNoOtherToken(t *testing.T) {
	t.Parallel()
	e := newLoginEnv(t)
	_, unknown := e.tokens.Authenticate(t.Context(), apitoken.Request{TokenID: "none", Key: e.keys["jane"]})
	authenticate := func(name string) error {
		_, err := e.tokens.Authenticate(t.Context(), apitoken.Request{TokenID: e.tokenIDs[name], Key: e.keys[name]})
		return err
	}
	require.NotEqual(t, unknown, authenticate("jane"), "the key is right, but the request is not permitted")
	swap(t, e.conn, "pbxusers_tokens", "id")
	for _, name := range []string{"jane", "robert"} {
		require.Equal(t, unknown, authenticate(name), name)
	}
}

func TestDB_Users_leavesOutMailThatSQLAddedOrChanged(t *testing.T) {
	t.Parallel()
	db, conn, _, log := openWithLog(t)
	users := db.Users("")
	require.NoError(t, users.CreateUser(t.Context(), &userman.User{ID: "1", Username: "jane"}))
	mail := &mailqueue.Mail{
		UserID: "1", Kind: usermail.Reset, Status: mailqueue.Deferred,
		RequestedBy: mailqueue.Requester{Kind: audit.User, Name: "jane"}, RequestedAt: at(1), NextAttemptAt: at(3), UpdatedAt: at(2),
	}
	require.NoError(t, users.PutMail(t.Context(), mail))
	_, err := conn.ExecContext(t.Context(), `INSERT INTO pbxusers_mails SELECT team, user_id, 'welcome', status, message, attempts,
		'administrator', 'boss', requested_at, first_attempt_at, 1, updated_at, seal FROM pbxusers_mails`)
	require.NoError(t, err)
	next, err := users.NextMail(t.Context())
	require.NoError(t, err)
	require.Equal(t, mail, next)
	requireLogged(t, log)

	_, err = conn.ExecContext(t.Context(), "UPDATE pbxusers_mails SET requested_by_name = 'boss'")
	require.NoError(t, err)
	mails, err := users.Mails(t.Context(), mail.UserID)
	require.NoError(t, err)
	require.Empty(t, mails)
	requireLogged(t, log)
	_, err = users.NextMail(t.Context())
	require.ErrorIs(t, err, store.ErrNotFound)
	requireLogged(t, log)
}

func TestDB_Administrators_eachEndsAtChangedName(t *testing.T) {
	t.Parallel()
	db, conn, _, _ := openWithLog(t)
	require.NoError(t, db.RunInTx(t.Context(), func(ctx context.Context) error {
		for n := range 600 {
			if err := db.Administrators().CreateAdministrator(ctx, &ampusers.Administrator{Username: fmt.Sprintf("m%03d", n)}); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err := conn.ExecContext(t.Context(), "UPDATE pbxusers_administrators SET username = 'a' WHERE folded_username IN ('m498', 'm499', 'm500')")
	require.NoError(t, err)
	visited := 0
	err = db.Administrators().EachAdministrator(t.Context(), func(*ampusers.Administrator) error {
		visited++
		require.Less(t, visited, 10_000, "the same rows are visited again and again")
		return nil
	})
	require.ErrorIs(t, err, store.ErrCorrupt)
}

// listAll returns the number of records on all pages of a list.
func listAll[T any](t *testing.T, list func(page store.PageRequest) (*store.Page[T], error)) (total int, err error) {
	t.Helper()
	for page := (store.PageRequest{Limit: 2}); ; {
		found, err := list(page)
		if err != nil {
			return total, err
		}
		total += len(found.Items)
		require.Less(t, total, 1000, "the same page follows again and again")
		if found.Next == "" {
			return total, nil
		}
		page.After = found.Next
	}
}

func TestDB_Users_pagesEndWithChangedName(t *testing.T) {
	t.Parallel()
	db, conn, _, _ := openWithLog(t)
	users := db.Users("")
	for n := range 7 {
		require.NoError(t, users.CreateUser(t.Context(), &userman.User{ID: store.UserID(fmt.Sprintf("u%d", n)), Username: fmt.Sprintf("jane%d", n), LastName: "Doe"}))
	}
	_, err := conn.ExecContext(t.Context(), "UPDATE pbxusers_users SET username = 'a', last_name = 'A' WHERE id IN ('u1', 'u3', 'u5')")
	require.NoError(t, err)
	for _, by := range append(userman.SortFields(), "") {
		for _, descending := range []bool{false, true} {
			total, err := listAll(t, func(page store.PageRequest) (*store.Page[*userman.User], error) {
				return users.ListUsers(t.Context(), userman.Query{Sort: store.Sort{By: by, Descending: descending}, PageRequest: page})
			})
			require.NoError(t, err, by)
			require.Equal(t, 7, total, by)
		}
	}
}

func TestDB_Administrators_pagesEndWithChangedName(t *testing.T) {
	t.Parallel()
	db, conn, _, _ := openWithLog(t)
	for n := range 7 {
		require.NoError(t, db.Administrators().CreateAdministrator(t.Context(), &ampusers.Administrator{Username: fmt.Sprintf("m%d", n)}))
	}
	list := func(page store.PageRequest) (*store.Page[*ampusers.Administrator], error) {
		return db.Administrators().ListAdministrators(t.Context(), ampusers.Query{PageRequest: page})
	}
	_, err := conn.ExecContext(t.Context(), "UPDATE pbxusers_administrators SET username = 'a' WHERE folded_username IN ('m1', 'm3', 'm5')")
	require.NoError(t, err)
	total, err := listAll(t, list)
	require.NoError(t, err)
	require.Equal(t, 7, total)

	_, err = conn.ExecContext(t.Context(), "UPDATE pbxusers_administrators SET folded_username = 'M' || folded_username WHERE folded_username IN ('m1', 'm3')")
	require.NoError(t, err)
	_, err = listAll(t, list)
	require.ErrorIs(t, err, store.ErrCorrupt, "pages start after folded names")
}
