package main

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/internal/testservers/xmpp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// programArg is the first argument with which the test binary is xmppauth.
const programArg = "xmppauth"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == programArg {
		if err := run(context.Background(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr); err != nil {
			panic(err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

const (
	password        = "vivid: otter-73-lanterns"
	anotherPassword = "Grüße & 91 tiny; harbours’"
)

// env is the directory that the program opens.
type env struct {
	*userman.Service

	db string
}

func newEnv(t *testing.T) *env {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "pbxusers.db")
	keyring, err := store.OpenKeyring(filepath.Join(folder, "pbxusers.key"))
	require.NoError(t, err)
	require.NoError(t, sqlstore.CreateSQLiteFile(path))
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	db, err := sqlstore.Open(t.Context(), pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring})
	require.NoError(t, err)
	users := userman.New(db.Users(""), &userman.Options{Audit: audit.New(db.Audit(), keyring, nil)})
	return &env{users, "sqlite:" + path}
}

// addUser makes somebody who may use XMPP or not.
func (h *env) addUser(t *testing.T, username string, login permission.Value) {
	t.Helper()
	_, err := h.Create(t.Context(), userman.NewUser{
		User:     &userman.User{Username: username, Permissions: permission.Permissions{permission.XMPPLogin: login}},
		Password: store.NewSecret(password),
	})
	require.NoError(t, err)
}

func (h *env) setXMPPLogin(t *testing.T, username string, login permission.Value) {
	t.Helper()
	_, err := h.Update(t.Context(), username, func(u *userman.User) error {
		u.Permissions = permission.Permissions{permission.XMPPLogin: login}
		return nil
	})
	require.NoError(t, err)
}

// startProsody starts one that asks the program.
func (h *env) startProsody(t *testing.T, protocol xmpp.Protocol) *xmpp.Server {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return xmpp.Start(t, &xmpp.Options{
		Protocol: protocol,
		Command:  []string{self, programArg, "--db", h.db, "--domain", xmpp.Domain, "--protocol", string(protocol), "--log-level", "debug", "--timeout", "20s"},
	})
}

// The whole story of a person and a real XMPP server: switching XMPP on is
// enough, and whatever changes here counts there at once.
func TestE2E_prosodyLoginFollowsDirectory(t *testing.T) {
	t.Parallel()
	for _, protocol := range []xmpp.Protocol{xmpp.Ejabberd, xmpp.Generic} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			h := newEnv(t)
			h.addUser(t, "Jane", permission.On())
			h.addUser(t, "joe@acme.com", permission.On())
			h.addUser(t, "off", permission.Off())
			server := h.startProsody(t, protocol)
			login := func(user, password string) error {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				return xmpp.Login(ctx, server.Address, xmpp.Domain, user, password)
			}

			require.NoError(t, login("jane", password))
			require.NoError(t, login(`joe\40acme.com`, password), "an @ is escaped")
			require.ErrorIs(t, login("jane", "wrong"), xmpp.ErrNotAuthorized)
			require.ErrorIs(t, login("nobody", password), xmpp.ErrNotAuthorized)
			require.ErrorIs(t, login("off", password), xmpp.ErrNotAuthorized)
			h.setXMPPLogin(t, "off", permission.On())
			require.NoError(t, login("off", password))
			h.setXMPPLogin(t, "off", permission.Off())
			require.ErrorIs(t, login("off", password), xmpp.ErrNotAuthorized)

			_, err := h.SetPassword(t.Context(), "jane", store.NewSecret(anotherPassword), nil)
			require.NoError(t, err)
			require.ErrorIs(t, login("jane", password), xmpp.ErrNotAuthorized)
			require.NoError(t, login("jane", anotherPassword))
			_, err = h.Disable(t.Context(), "jane")
			require.NoError(t, err)
			require.ErrorIs(t, login("jane", anotherPassword), xmpp.ErrNotAuthorized)
			_, err = h.Enable(t.Context(), "jane")
			require.NoError(t, err)
			require.NoError(t, login("jane", anotherPassword))

			server.Stop()
			text := server.Log(t)
			require.Contains(t, text, "reason=not_authorized")
			require.Contains(t, text, "reason=account_disabled")
			for _, secret := range []string{password, anotherPassword, "wrong-"} {
				require.NotContains(t, text, secret)
			}
		})
	}
}

// An extension is somebody else's tomorrow, and the messages that the server
// keeps for its address would be, too.
func TestRun_acceptsUsernameOnly(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	_, err := h.Create(t.Context(), userman.NewUser{
		User: &userman.User{
			Username: "jane", Email: "jane@acme.com", DefaultExtension: "1001", Permissions: permission.Permissions{permission.XMPPLogin: permission.On()},
		},
		Password: store.NewSecret(password),
	})
	require.NoError(t, err)
	var requests, want bytes.Buffer
	for _, user := range []string{"jane", "1001", `jane\40acme.com`} {
		for _, request := range []string{"isuser:" + user + ":example.com", "auth:" + user + ":example.com:" + password} {
			requests.Write(append([]byte{0, byte(len(request))}, request...))
			answer := byte(0)
			if user == "jane" {
				answer = 1
			}
			want.Write([]byte{0, 2, 0, answer})
		}
	}
	var out, log bytes.Buffer
	args := []string{"--db", h.db, "--domain", "example.com", "--timeout", "1m", "--login-by-extension", "--login-by-email"}
	require.NoError(t, run(t.Context(), args, &requests, &out, &log))
	require.Equal(t, want.Bytes(), out.Bytes())
}

func TestRun_namesMissingSettings(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	for want, args := range map[string][]string{
		"missing --domain":       {"--db", h.db},
		"there is no database":   {"--db", "sqlite:" + filepath.Join(t.TempDir(), "none.db"), "--domain", "example.com"},
		"write ejabberd or":      {"--db", h.db, "--domain", "example.com", "--protocol", "dovecot"},
		"unknown flag: --domian": {"--domian", "example.com"},
		"unexpected argument":    {"--db", h.db, "--domain", "example.com", "--ldap-start-tls", "false"},
	} {
		var out, log bytes.Buffer
		err := run(t.Context(), args, strings.NewReader(""), &out, &log)
		require.ErrorContains(t, err, want)
		require.Empty(t, out.String())
	}
}

func TestRun_endsAtEOF(t *testing.T) {
	t.Parallel()
	h := newEnv(t)
	var out, log bytes.Buffer
	in := strings.NewReader("isuser:jane:example.com\n")
	require.NoError(t, run(t.Context(), []string{"--db", h.db, "--domain", "example.com", "--protocol", "generic"}, in, &out, &log))
	require.Equal(t, "0\n", out.String())
}
