package asteriskconf_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pbxusers/pbxusers/asteriskconf"
)

// pagers is a Source: it renders one file, and knows how to see it live.
type pagers struct{ numbers map[string]string }

func (p pagers) File() asteriskconf.File {
	return asteriskconf.File{Name: "pbxusers_pagers.conf", Parent: "pagers.conf", Module: "app_pager.so", SecretKeys: []string{"pin"}}
}

func (p pagers) Sections(context.Context, asteriskconf.Target) ([]asteriskconf.Section, error) {
	var sections []asteriskconf.Section
	for _, name := range []string{"alice", "bob"} {
		if number := p.numbers[name]; number != "" {
			lines := []asteriskconf.Line{{Key: "number", Value: number}, {Key: "pin", Value: "4711"}}
			sections = append(sections, asteriskconf.Section{Name: name, Lines: lines})
		}
	}
	return sections, nil
}

func (p pagers) Verify(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) error {
	lines, err := asterisk.Command(ctx, "pager show count")
	if err == nil && lines[0] != strconv.Itoa(len(change.After)) {
		err = &asteriskconf.MismatchError{What: "the pagers", Difference: "Asterisk has " + lines[0]}
	}
	return err
}

// standIn stands in for a running Asterisk; a product uses an ami.Client.
type standIn struct {
	dir  string
	live []asteriskconf.Section
}

func (a *standIn) Version(context.Context) (asteriskconf.Version, error) {
	return asteriskconf.Version{Major: 22, Minor: 10, Patch: 1}, nil
}

func (a *standIn) ReadConfig(_ context.Context, filename string) ([]asteriskconf.Section, error) {
	tree, err := asteriskconf.ParseFile(a.dir, filename, nil)
	if err != nil {
		return nil, err
	}
	return tree.Plain(), nil
}

func (a *standIn) Reload(ctx context.Context, _ string) (err error) {
	a.live, err = a.ReadConfig(ctx, "pagers.conf")
	return err
}

func (a *standIn) Command(context.Context, string) ([]string, error) {
	return []string{strconv.Itoa(len(a.live))}, nil
}

// examplePBX makes a configuration folder, and what stands in for its Asterisk.
func examplePBX() (dir string, asterisk *standIn, remove func()) {
	dir, err := os.MkdirTemp("", "asterisk")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "pagers.conf"), []byte("; pagers\n"), 0o600)
	}
	if err != nil {
		panic(err)
	}
	return dir, &standIn{dir: dir}, func() { _ = os.RemoveAll(dir) }
}

func ExampleFolder_Install() {
	dir, _, remove := examplePBX()
	defer remove()
	folder, _ := asteriskconf.Open(dir, []asteriskconf.Source{pagers{}}, nil)
	plan, _ := folder.PlanInstall(context.Background())
	fmt.Println("at the end of", plan.Files[0].Parent+":", plan.Files[0].Adds)
	_, err := folder.Install(context.Background())
	fmt.Println(err)
	// Output:
	// at the end of pagers.conf: #tryinclude pbxusers_pagers.conf
	// <nil>
}

func ExampleFolder_Plan() {
	ctx := context.Background()
	dir, asterisk, remove := examplePBX()
	defer remove()
	source := pagers{map[string]string{"alice": "1001"}}
	folder, _ := asteriskconf.Open(dir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: asterisk})
	_, _ = folder.Install(ctx)
	_, _ = folder.Apply(ctx)
	source.numbers["alice"] = "1009"
	source.numbers["bob"] = "1002"
	plan, _ := folder.Plan(ctx)
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

func ExampleFolder_Apply() {
	ctx := context.Background()
	dir, asterisk, remove := examplePBX()
	defer remove()
	source := pagers{map[string]string{"alice": "1001", "bob": "1002"}}
	folder, _ := asteriskconf.Open(dir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: asterisk})
	_, _ = folder.Install(ctx)
	report, err := folder.Apply(ctx)
	if failure, ok := errors.AsType[*asteriskconf.ApplyError](err); ok {
		fmt.Println("failed at the", failure.Step)
		return
	}
	fmt.Println(report.Files[0].Added, "added, verified:", report.Verified)
	pending, _ := folder.Pending(ctx)
	fmt.Println("pending:", pending)
	// Output:
	// 2 added, verified: true
	// pending: false
}

func ExampleFolder_Rollback() {
	ctx := context.Background()
	dir, asterisk, remove := examplePBX()
	defer remove()
	source := pagers{map[string]string{"alice": "1001"}}
	folder, _ := asteriskconf.Open(dir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: asterisk})
	_, _ = folder.Install(ctx)
	_, _ = folder.Apply(ctx)
	source.numbers["bob"] = "1002"
	_, _ = folder.Apply(ctx)
	_, err := folder.Rollback(ctx)
	fmt.Println(len(asterisk.live), "live;", err)
	// Output:
	// 1 live; <nil>
}

func ExampleFolder_Recover() {
	ctx := context.Background()
	dir, asterisk, remove := examplePBX()
	defer remove()
	folder, _ := asteriskconf.Open(dir, []asteriskconf.Source{pagers{}}, &asteriskconf.Options{Asterisk: asterisk})
	recovery, err := folder.Recover(ctx) // at the start of a program
	fmt.Println("cut short:", recovery.Interrupted, err)
	// Output:
	// cut short: false <nil>
}
