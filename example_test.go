package pbxusers_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// Create an account, and plan and write its configuration. With an ami.Client as
// Options.Asterisk, the apply also reloads Asterisk and verifies what it serves.
// Without one, the report says that nothing was verified.
func Example() {
	ctx := context.Background()
	etc, _ := os.MkdirTemp("", "asterisk")
	defer func() { _ = os.RemoveAll(etc) }()
	_ = os.WriteFile(filepath.Join(etc, "manager.conf"), []byte("[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"), 0o600)

	accounts := memstore.New().AMIAccounts()
	service := manager.New(accounts, &manager.Options{NameInUse: manager.NameInConfig(etc)})
	office, _ := manager.ParseNetwork("10.0.0.0/8")
	crm := &manager.Account{Name: "crmpro_ami", Permit: []manager.Network{office}}
	preset, _ := manager.LookupPreset("click-to-call")
	preset.ApplyTo(crm)
	created, err := service.Create(ctx, crm)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("created", created.Name, "with the secret", created.Secret)

	folder, _ := asteriskconf.Open(etc, []asteriskconf.Source{manager.NewConfSource(accounts, nil)}, nil)
	_, _ = folder.Install(ctx)
	plan, _ := folder.Plan(ctx)
	fmt.Print(plan)
	report, _ := folder.Apply(ctx)
	fmt.Println("changed:", report.Changed, "verified:", report.Verified)
	// Output:
	// created crmpro_ami with the secret [redacted]
	// pbxusers_manager.conf (reload manager)
	//   + [crmpro_ami]
	//     + secret = [redacted]
	//     + deny = 0.0.0.0/0
	//     + deny = ::/0
	//     + permit = 10.0.0.0/8
	//     + read = call,user
	//     + write = call,originate
	//     + displayconnects = no
	//     + allowmultiplelogin = yes
	//     + writetimeout = 100
	// changed: true verified: false
}
