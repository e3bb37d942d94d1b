package asterisk_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func ExampleHost_Install() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "asterisk")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(filepath.Join(dir, "manager.conf"), []byte("[general]\nenabled = yes\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	accounts := memstore.New().AMIAccounts()
	host := asterisk.New(manager.New(accounts, nil), accounts, &asterisk.Options{
		ConfDir:    dir,
		SecretFile: filepath.Join(dir, "pbxusers_ami.secret"),
		Address:    asterisk.None, // leave it out where Asterisk runs
	})
	installed, err := host.Install(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(installed.Installation.Files[0].IncludeLine)
	account, err := accounts.Account(ctx, asterisk.DefaultAccount)
	fmt.Println(account.Name, account.Owner, err)
	// Output:
	// #tryinclude pbxusers_manager.conf
	// pbxusers pbxusers <nil>
}
