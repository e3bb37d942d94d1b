// Command clicktocall rings one phone and connects it to another. It embeds this
// module: at each start it creates an AMI account with a new secret, applies it to
// Asterisk, and starts the call with it. Run 'pbxctl config install' first.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"log"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the SQLite driver

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

func main() {
	var c call
	flag.StringVar(&c.folder, "folder", ".", "folder with pbxusers.db, pbxusers.key and pbxusers_ami.secret")
	flag.StringVar(&c.confDir, "conf-dir", "/etc/asterisk", "configuration folder of Asterisk")
	flag.StringVar(&c.ami, "ami", manager.DefaultAddress, "address of AMI")
	flag.StringVar(&c.from, "from", "PJSIP/1001", "channel to ring")
	flag.StringVar(&c.to, "to", "PJSIP/1002", "channel to connect it to")
	flag.Parse()
	if err := c.run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

type call struct{ folder, confDir, ami, from, to string }

func (c *call) run(ctx context.Context) error {
	keys, errKeys := store.OpenKeyring(filepath.Join(c.folder, "pbxusers.key"))
	pool, errPool := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(c.folder, "pbxusers.db")))
	if err := errors.Join(errKeys, errPool); err != nil {
		return err
	}
	defer pool.Close()
	db, err := sqlstore.Open(ctx, pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keys})
	if err != nil {
		return err
	}
	account, err := c.ensureAccount(ctx, manager.New(db.AMIAccounts(), &manager.Options{NameInUse: manager.NameInConfig(c.confDir)}))
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(filepath.Join(c.folder, "pbxusers_ami.secret"))
	if err != nil {
		return err
	}
	asterisk, err := ami.Dial(ctx, c.ami, &ami.Options{Username: "pbxusers", Secret: store.NewSecret(strings.TrimSpace(string(secret)))})
	if err != nil {
		return err
	}
	defer asterisk.Close()
	source := manager.NewConfSource(db.AMIAccounts(), &manager.ConfSourceOptions{Address: c.ami})
	folder, err := asteriskconf.Open(c.confDir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: asterisk})
	if err == nil {
		_, err = folder.Apply(ctx)
	}
	if err != nil {
		return err
	}
	return c.dial(ctx, account)
}

// ensureAccount returns the AMI account of this program with a new secret.
func (c *call) ensureAccount(ctx context.Context, accounts *manager.Service) (*manager.Account, error) {
	loopback, _ := manager.ParseNetwork("127.0.0.0/8")
	u := &manager.Account{Name: "clicktocall", Permit: []manager.Network{loopback}}
	preset, _ := manager.LookupPreset("click-to-call")
	preset.ApplyTo(u)
	u, err := accounts.Create(ctx, u)
	if errors.Is(err, store.ErrAlreadyExists) {
		return accounts.Rotate(ctx, "clicktocall", store.Secret{})
	}
	return u, err
}

func (c *call) dial(ctx context.Context, u *manager.Account) error {
	client, err := ami.Dial(ctx, c.ami, &ami.Options{Username: u.Name, Secret: u.Secret})
	if err != nil {
		return err
	}
	defer client.Close()
	answer, err := client.Do(ctx, ami.Action{Name: "Originate", Headers: []ami.Header{
		{Name: "Channel", Value: c.from}, {Name: "Application", Value: "Dial"}, {Name: "Data", Value: c.to},
	}})
	log.Print(answer.Get("Message"))
	return err
}
