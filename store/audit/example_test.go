package audit_test

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// A service records its operations, and its caller sets the actor.
func Example() {
	db := memstore.New()
	keyring, _ := store.NewKeyring(store.GenerateKey())
	auditLog := audit.New(db.Audit(), keyring, nil)
	accounts := manager.New(db.AMIAccounts(), &manager.Options{Audit: auditLog})

	jane := audit.Actor{Kind: audit.Administrator, Name: "jane", RemoteAddr: netip.MustParseAddr("192.0.2.7")}
	ctx := audit.WithActor(context.Background(), jane)
	_, _ = accounts.Create(ctx, &manager.Account{Name: "crm"})
	_, _ = accounts.Create(ctx, &manager.Account{Name: "dialer", Secret: store.NewSecret("short")})
	// An attacker adds an account to the database.
	_ = db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "evil"})

	list, _ := auditLog.List(ctx, audit.Query{})
	for _, e := range list.Items {
		fmt.Printf("%d: %s, %s %q %s\n", e.Sequence, e.Actor.Name, e.Action, e.Key, cmp.Or(e.Reason, string(e.Outcome)))
	}
	found, _ := auditLog.Verify(ctx, accounts.AuditSource())
	for _, p := range found.Findings {
		fmt.Println(p.Code, p.Key)
	}
	// Output:
	// 2: jane, create "dialer" invalid: secret (min)
	// 1: jane, create "crm" succeeded
	// record_untracked evil
}

func ExampleLog_Do() {
	db := memstore.New()
	keyring, _ := store.NewKeyring(store.GenerateKey())
	auditLog := audit.New(db.Audit(), keyring, nil)
	ctx := context.Background()

	err := auditLog.Do(ctx, db, audit.Event{Action: "create", Kind: "door"}, func(ctx context.Context, r *audit.Recorder) error {
		// Store the record here, in this transaction.
		event := r.Intent
		event.Key, event.After = "front", map[string]string{"name": "front"}
		event.State = []byte(`{"name":"front","code":"1234"}`)
		return r.Record(ctx, event)
	})
	list, _ := auditLog.List(ctx, audit.Query{Kind: "door"})
	fmt.Println(err, list.Items[0].Action, list.Items[0].Key, string(list.Items[0].After))
	// Output: <nil> create front {"name":"front"}
}

func ExampleLog_RecordFailure() {
	db := memstore.New()
	keyring, _ := store.NewKeyring(store.GenerateKey())
	auditLog := audit.New(db.Audit(), keyring, nil)
	ctx := audit.WithActor(context.Background(), audit.Actor{Kind: audit.Anonymous, RemoteAddr: netip.MustParseAddr("198.51.100.9")})

	auditLog.RecordFailure(ctx, audit.Event{Action: "login", Kind: "administrator", Key: "jane"}, &store.RateLimitedError{RetryAfter: time.Minute})
	list, _ := auditLog.List(ctx, audit.Query{Outcome: audit.Denied})
	fmt.Println(list.Items[0].Actor.RemoteAddr, list.Items[0].Action, list.Items[0].Reason)
	// Output: 198.51.100.9 login rate_limited
}

func ExampleEntry_Changes() {
	entry := audit.Entry{Before: []byte(`{"name":"crm","permit":["192.0.2.1"]}`), After: []byte(`{"name":"crm","permit":["192.0.2.1","192.0.2.2"]}`)}
	for _, change := range entry.Changes() {
		fmt.Printf("%s: %s -> %s\n", change.Field, change.Before, change.After)
	}
	// Output: permit: 192.0.2.1 -> 192.0.2.1, 192.0.2.2
}
