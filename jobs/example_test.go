package jobs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func ExampleRunner_StartConfig() {
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
		ConfDir: dir, SecretFile: filepath.Join(dir, "pbxusers_ami.secret"), Address: asterisk.None,
	})
	if _, err := host.Install(ctx); err != nil {
		fmt.Println(err)
		return
	}

	runner := jobs.New(&jobs.Options{Host: func() *asterisk.Host { return host }})
	defer func() { _ = runner.Close(ctx) }()
	run, err := runner.StartConfig(ctx, jobs.KindApply)
	if err != nil {
		fmt.Println(err)
		return
	}
	run = runner.Wait(ctx, run)
	fmt.Println(run.Kind, run.Running(), run.Err)
	// Output:
	// apply false <nil>
}
