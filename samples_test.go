//nolint:ineffassign,staticcheck,wastedassign // the samples leave out the handling of errors
package pbxusers_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// The functions of this file are the samples of README.md and of the guides: each
// line there is a line here, so that the samples compile. They are not run.

func sampleAMIAccounts(ctx context.Context, pool *sql.DB, keys *store.Keyring, secret store.Secret) {
	db, err := sqlstore.Open(ctx, pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
	asterisk, err := ami.Dial(ctx, "127.0.0.1:5038", &ami.Options{Username: "pbxusers", Secret: secret})

	// Create an account. An invalid field is an error with a code and a message.
	accounts := manager.New(db.AMIAccounts(), &manager.Options{NameInUse: manager.NameInConfig("/etc/asterisk"), ApplyAccount: "pbxusers"})
	office, err := manager.ParseNetwork("10.0.0.0/8")
	crm := &manager.Account{Name: "crmpro_ami", Permit: []manager.Network{office}}
	preset, _ := manager.LookupPreset("click-to-call")
	preset.ApplyTo(crm)
	crm, err = accounts.Create(ctx, crm)

	// Show what would change, then apply it.
	source := manager.NewConfSource(db.AMIAccounts(), &manager.ConfSourceOptions{Address: "127.0.0.1:5038"})
	folder, err := asteriskconf.Open("/etc/asterisk", []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: asterisk})
	plan, err := folder.Plan(ctx)
	report, err := folder.Apply(ctx)
	fmt.Println(crm, plan, report, err)
}

func sampleUsers(ctx context.Context, db *sqlstore.DB, base *url.URL, mailer userman.Mailer) {
	users := userman.New(db.Users(""), &userman.Options{BaseURL: base, Mailer: mailer})
	jane, err := users.Create(ctx, userman.NewUser{User: &userman.User{
		Username: "jane.doe", Email: "jane@example.com", DefaultExtension: "1001", Groups: []string{"Sales"},
	}})
	delivery, err := users.Mails().Send(ctx, usermail.Welcome, jane.Username)
	permissions, err := users.EffectivePermissions(ctx, jane.Username)
	allowed := permissions.Contains(permission.VoicemailExtensions, "1002")
	fmt.Println(delivery, allowed, err)
}

func sampleLogins(ctx context.Context, db *sqlstore.DB, base *url.URL, mailer userman.Mailer, password store.Secret, remote netip.Addr) {
	users := userman.New(db.Users(""), &userman.Options{BaseURL: base, Mailer: mailer})
	jane, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane.doe", DefaultExtension: "1001"}})
	link, err := users.Invite(ctx, jane.Username)
	login, err := users.Authenticate(ctx, credential.LoginAttempt{Username: "jane.doe", Password: password, RemoteAddr: remote})
	jane, err = users.AuthenticateService(ctx, "xmpp", "jane.doe", password)
	permissions, err := users.EffectivePermissions(ctx, "jane.doe")
	allowed := permissions.Enabled(permission.HistoryRecordings) && permissions.Contains(permission.HistoryExtensions, "1002")
	fmt.Println(jane, link, login, allowed, err)
}

func sampleAdministrators(ctx context.Context, db *sqlstore.DB, keys *store.Keyring, password store.Secret, remote netip.Addr) {
	admins := ampusers.New(db.Administrators(), &ampusers.Options{
		Sections: []ampusers.Section{{ID: "queues", Name: "Queues"}},
		Audit:    audit.New(db.Audit(), keys, nil),
	})
	admin, err := admins.Create(ctx, &ampusers.Administrator{Username: "jane.admin", Sections: []string{"queues"}}, password)
	session, err := admins.Authenticate(ctx, credential.LoginAttempt{Username: admin.Username, Password: password, RemoteAddr: remote})
	granted := session.Administrator.Allows("queues", "1001")
	err = admins.ForActor("jane.admin").Delete(ctx, "root")
	fmt.Println(granted, err)
}

var _ = []any{sampleAMIAccounts, sampleUsers, sampleLogins, sampleAdministrators}
