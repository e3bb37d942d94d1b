package dialect_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

func ExampleWriter() {
	w := dialect.NewWriter(os.Stdout, nil)
	_ = w.Comment("AMI accounts")
	_ = w.Section(dialect.Section{Name: "crm", Lines: []dialect.Line{
		{Key: "secret", Value: "a;b"},
		{Key: "deny", Value: "0.0.0.0/0"},
		{Key: "permit", Value: "10.0.0.0/8"},
		{Key: "deny", Value: "10.1.0.0/16"},
	}})
	err := w.Section(dialect.Section{Name: "wallboard", Lines: []dialect.Line{{Key: "secret", Value: "a\nread = all"}}})
	if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
		fmt.Println(";", invalid.Fields[0].Field, invalid.Fields[0].Code)
	}
	_ = w.Close()
	// Output:
	// ; lines[0].value control_character
	// ; AMI accounts
	// [crm]
	// secret = a\;b
	// deny = 0.0.0.0/0
	// permit = 10.0.0.0/8
	// deny = 10.1.0.0/16
}

func ExampleParse() {
	file := `
[phone](!)            ; a template
allow = !all,ulaw
[6001](phone)
secret = a--;b        ; this swallows the rest of the file
[6002](phone)
`
	tree, err := dialect.Parse(strings.NewReader(file), &dialect.ParseOptions{Name: "phones.conf"})
	if err != nil {
		panic(err)
	}
	for _, s := range tree.ResolvedSections() {
		fmt.Println(s.Name, len(s.Lines), "lines")
	}
	for _, f := range tree.Findings {
		fmt.Println(f)
	}
	// Output:
	// 6001 2 lines
	// phones.conf:5: "--;" closes a block comment that was not opened; Asterisk ignores every line after this one; write "--\;"
}

func ExampleParseFile() {
	dir, err := os.MkdirTemp("", "asterisk")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.WriteFile(dir+"/manager.conf", []byte("[general]\nenabled = yes\n#include manager.d/*.conf\n"), 0o600); err != nil {
		panic(err)
	}
	tree, err := dialect.ParseFile(dir, "manager.conf", nil)
	if err != nil {
		panic(err)
	}
	fmt.Println("valid:", tree.Valid())

	// Parse the folder as if this file were in place.
	tree, err = dialect.ParseFile(dir, "manager.conf", &dialect.ParseFileOptions{
		Replace: map[string][]byte{"manager.d/crm.conf": []byte("[crm]\nread = none\n")},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("valid:", tree.Valid(), tree.Files)
	// Output:
	// valid: false
	// valid: true [manager.conf manager.d/crm.conf]
}
