package asteriskconf_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// pagerSource is a Source that renders one file and verifies it.
type pagerSource struct{ numbers map[string]string }

func (p pagerSource) File() asteriskconf.File {
	return asteriskconf.File{Name: "pbxusers_pagers.conf", Parent: "pagers.conf", Module: "app_pager.so", SecretKeys: []string{"pin"}}
}

func (p pagerSource) Sections(context.Context, asteriskconf.Target) ([]dialect.Section, error) {
	var sections []dialect.Section
	for _, name := range []string{"alice", "bob"} {
		if number := p.numbers[name]; number != "" {
			lines := []dialect.Line{{Key: "number", Value: number}, {Key: "pin", Value: "4711"}}
			sections = append(sections, dialect.Section{Name: name, Lines: lines})
		}
	}
	return sections, nil
}

func (p pagerSource) Verify(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	lines, err := asterisk.Command(ctx, "pager show count")
	if err == nil && lines[0] != strconv.Itoa(len(change.After)) {
		err = &asteriskconf.MismatchError{Object: "the pagers", Difference: "Asterisk has " + lines[0]}
	}
	return err
}

// exampleAsterisk stands in for a running Asterisk. A product uses an
// ami.Client.
type exampleAsterisk struct {
	dir  string
	live []dialect.Section
}

func (a *exampleAsterisk) Version(context.Context) (asteriskconf.Version, error) {
	return asteriskconf.Version{Major: 22, Minor: 10, Patch: 1}, nil
}

func (a *exampleAsterisk) ReadConfig(_ context.Context, filename string) ([]dialect.Section, error) {
	tree, err := dialect.ParseFile(a.dir, filename, nil)
	if err != nil {
		return nil, err
	}
	return tree.ResolvedSections(), nil
}

func (a *exampleAsterisk) Reload(ctx context.Context, _ string) (err error) {
	a.live, err = a.ReadConfig(ctx, "pagers.conf")
	return err
}

func (a *exampleAsterisk) Command(context.Context, string) ([]string, error) {
	return []string{strconv.Itoa(len(a.live))}, nil
}

// examplePBX creates a configuration folder and a stand-in for its Asterisk.
func examplePBX() (dir string, asterisk *exampleAsterisk, remove func()) {
	dir, err := os.MkdirTemp("", "asterisk")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "pagers.conf"), []byte("; pagers\n"), 0o600)
	}
	if err != nil {
		panic(err)
	}
	return dir, &exampleAsterisk{dir: dir}, func() { _ = os.RemoveAll(dir) }
}

func ExampleConfigDir_Install() {
	dir, _, remove := examplePBX()
	defer remove()
	configDir, _ := asteriskconf.Open(dir, []asteriskconf.Source{pagerSource{}}, nil)
	plan, _ := configDir.PlanInstall(context.Background())
	fmt.Println("at the end of", plan.Files[0].Parent+":", plan.Files[0].IncludeLine)
	_, err := configDir.Install(context.Background())
	fmt.Println(err)
	// Output:
	// at the end of pagers.conf: #tryinclude pbxusers_pagers.conf
	// <nil>
}

func ExampleConfigDir_Plan() {
	ctx := context.Background()
	dir, asterisk, remove := examplePBX()
	defer remove()
	source := pagerSource{map[string]string{"alice": "1001"}}
	configDir, _ := asteriskconf.Open(dir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: asterisk})
	_, _ = configDir.Install(ctx)
	_, _ = configDir.Apply(ctx)
	source.numbers["alice"] = "1009"
	source.numbers["bob"] = "1002"
	plan, _ := configDir.Plan(ctx)
	fmt.Print(plan)
	// Output:
	// pbxusers_pagers.conf (reload app_pager.so)
	//   ~ [alice]
	//     - number = 1001
	//     + number = 1009
	//   + [bob]
	//     + number = 1002
	//     + pin = [redacted]
}

func ExampleConfigDir_Apply() {
	ctx := context.Background()
	dir, asterisk, remove := examplePBX()
	defer remove()
	source := pagerSource{map[string]string{"alice": "1001", "bob": "1002"}}
	configDir, _ := asteriskconf.Open(dir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: asterisk})
	_, _ = configDir.Install(ctx)
	report, err := configDir.Apply(ctx)
	if applyErr, ok := errors.AsType[*asteriskconf.ApplyError](err); ok {
		fmt.Println("failed step:", applyErr.Step)
		return
	}
	fmt.Println(report.Files[0].Added, "added, verified:", report.Verified)
	pending, _ := configDir.Pending(ctx)
	fmt.Println("pending:", pending)
	// Output:
	// 2 added, verified: true
	// pending: false
}

func ExampleConfigDir_Rollback() {
	ctx := context.Background()
	dir, asterisk, remove := examplePBX()
	defer remove()
	source := pagerSource{map[string]string{"alice": "1001"}}
	configDir, _ := asteriskconf.Open(dir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: asterisk})
	_, _ = configDir.Install(ctx)
	_, _ = configDir.Apply(ctx)
	source.numbers["bob"] = "1002"
	_, _ = configDir.Apply(ctx)
	_, err := configDir.Rollback(ctx)
	fmt.Println(len(asterisk.live), "live;", err)
	// Output:
	// 1 live; <nil>
}

func ExampleConfigDir_Recover() {
	ctx := context.Background()
	dir, asterisk, remove := examplePBX()
	defer remove()
	configDir, _ := asteriskconf.Open(dir, []asteriskconf.Source{pagerSource{}}, &asteriskconf.Options{Asterisk: asterisk})
	recovery, err := configDir.Recover(ctx) // at the start of a program
	fmt.Println("interrupted:", recovery.Interrupted, err)
	// Output:
	// interrupted: false <nil>
}
