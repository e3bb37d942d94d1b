package manager_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// Create an account for a CRM that starts calls, from one network only.
func ExampleService_Create() {
	accounts := manager.New(memstore.New().AMIAccounts(), nil)
	env, _ := manager.ParseNetwork("10.0.0.0/8")
	a := &manager.Account{Name: "crm", Permit: []manager.Network{env}}
	preset, _ := manager.LookupPreset("click-to-call")
	preset.ApplyTo(a)

	created, err := accounts.Create(context.Background(), a)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(created.Name, "may", created.Write, "from", created.Permit)
	fmt.Println("a secret of", len(created.Secret.Reveal()), "characters, shown only once:", created.Secret)
	// Output:
	// crm may call,originate from [10.0.0.0/8]
	// a secret of 32 characters, shown only once: [redacted]
}

// An InvalidError lists every invalid field, for a form to show.
func ExampleService_Create_invalid() {
	accounts := manager.New(memstore.New().AMIAccounts(), nil)
	_, err := accounts.Create(context.Background(), &manager.Account{Name: "general", WriteTimeout: 5})
	if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
		for _, f := range invalid.Fields {
			fmt.Printf("%s (%s): %s\n", f.Field, f.Code, f.Message)
		}
	}
	// Output:
	// name (ami_name): use 1 to 79 letters, digits, dots, dashes and underscores, beginning with a letter or digit; general is reserved
	// write_timeout (min): at least 100 are needed
}

// An update changes the current account and keeps concurrent changes.
func ExampleService_Update() {
	ctx := context.Background()
	accounts := manager.New(memstore.New().AMIAccounts(), nil)
	_, _ = accounts.Create(ctx, &manager.Account{Name: "wallboard", Read: manager.Agent})

	a, err := accounts.Update(ctx, "wallboard", func(a *manager.Account) error {
		a.Read |= manager.Call
		a.EventFilters = append(a.EventFilters, manager.EventFilter{
			Action: manager.Exclude, Header: "Channel", Method: manager.MatchStartsWith, Match: "Local/",
		})
		return nil
	})
	fmt.Println(a.Read, len(a.EventFilters), err)
	// Output: call,agent 1 <nil>
}

// Rotate the secret. Asterisk uses the old one until the next apply.
func ExampleService_Rotate() {
	ctx := context.Background()
	accounts := manager.New(memstore.New().AMIAccounts(), nil)
	before, _ := accounts.Create(ctx, &manager.Account{Name: "crm"})

	after, err := accounts.Rotate(ctx, "crm", store.Secret{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("changed:", !after.Secret.Equal(before.Secret), after.Secret)
	// Output: changed: true [redacted]
}

func ExampleService_Probe() {
	asterisk := amitest.NewServer(&amitest.Options{Accounts: []amitest.Account{{Name: "crm", Secret: "what Asterisk has"}}})
	defer asterisk.Close()
	ctx := context.Background()
	accounts := manager.New(memstore.New().AMIAccounts(), nil)
	_, _ = accounts.Create(ctx, &manager.Account{Name: "crm"})

	for _, secret := range []string{"what Asterisk has", "something else"} {
		result, err := accounts.Probe(ctx, "crm", &manager.ProbeOptions{Address: asterisk.Addr(), Secret: store.NewSecret(secret)})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(result.Outcome)
	}
	// Output:
	// logged_in
	// denied
}

func ExampleAccount_Lint() {
	env, _ := manager.ParseNetwork("10.0.0.0/8")
	a := &manager.Account{Name: "dialer", Permit: []manager.Network{env}, Write: manager.Originate | manager.CDR}
	for _, w := range a.Lint() {
		fmt.Printf("%s: %s\n", w.Field, w.Message)
	}
	// Output:
	// deny: only the permitted addresses can log in; all others are denied
	// write: cdr has no effect in write: Asterisk has no actions of this class
	// write: the account can start calls but not redirect or hang them up; that also requires call
}

func ExampleParseNetwork() {
	for _, text := range []string{"192.0.2.1", "10.1.2.3/255.0.0.0", "2001:DB8::/32", "pbx.example.com"} {
		n, err := manager.ParseNetwork(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(n)
	}
	// Output:
	// 192.0.2.1/32
	// 10.0.0.0/8
	// 2001:db8::/32
	// enter an IP address or a range such as 10.0.0.0/8 or 2001:db8::/32
}

func ExamplePresets() {
	for _, p := range manager.Presets() {
		fmt.Printf("%-15s read %s, write %s\n", p.Name, p.Read, p.Write)
	}
	// Output:
	// click-to-call   read call,user, write call,originate
	// queue-dashboard read call,agent, write none
	// cdr-collector   read cdr, write none
	// monitoring      read system,reporting, write reporting
	// apply           read security, write system,command,config,reporting
}
