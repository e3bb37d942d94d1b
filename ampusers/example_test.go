package ampusers_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
)

// newService is a service with the sections of a product.
func newService() *ampusers.Service {
	return ampusers.New(memstore.New().Administrators(), &ampusers.Options{
		Sections: []ampusers.Section{
			{ID: "managers", Name: "AMI accounts"},
			{ID: "audit", Name: "Audit log"},
		},
	})
}

func ExampleNew() {
	administrators := ampusers.New(memstore.New().Administrators(), &ampusers.Options{
		Sections:          []ampusers.Section{{ID: "managers", Name: "AMI accounts"}},
		MinPasswordLength: 16,
	})
	for _, section := range administrators.Sections() {
		fmt.Println(section.ID)
	}
	// Output:
	// managers
	// apply
}

// A new administrator is Limited to the listed sections and ranges.
func ExampleService_Create() {
	extensions, _ := scope.ParseRanges("100-199, 205")
	jane, err := newService().Create(context.Background(), &ampusers.Administrator{
		Username: "jane.admin", Sections: []string{"managers"}, Extensions: extensions,
	}, store.NewSecret("vivid-otter-73-lanterns"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(jane.Access, jane.Sections, jane.Extensions, jane.HasPassword)
	// Output: limited [managers] 100-199,205 true
}

// Invalid input is reported field by field, for a form to show.
func ExampleService_Create_rejected() {
	_, err := newService().Create(context.Background(), &ampusers.Administrator{
		Username: "jane admin", Sections: []string{"fax"},
	}, store.NewSecret("jane"))
	if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
		for _, f := range invalid.Fields {
			fmt.Println(f.Field, f.Code)
		}
	}
	// Output:
	// username username
	// sections[0] unknown
	// password min
}

func ExampleService_Authenticate() {
	ctx := context.Background()
	administrators := newService()
	_, _ = administrators.Create(ctx, &ampusers.Administrator{Username: "jane"}, store.NewSecret("vivid-otter-73-lanterns"))

	login, err := administrators.Authenticate(ctx, credential.LoginAttempt{
		Username: "Jane", Password: store.NewSecret("vivid-otter-73-lanterns"), RemoteAddr: netip.MustParseAddr("192.0.2.1"),
	})
	fmt.Println(login.Administrator.Username, err)

	_, err = administrators.Authenticate(ctx, credential.LoginAttempt{
		Username: "Jane", Password: store.NewSecret("a guess"), RemoteAddr: netip.MustParseAddr("203.0.113.9"),
	})
	if loginErr, ok := errors.AsType[*credential.LoginError](err); ok {
		fmt.Println(loginErr.Code)
	}
	// Output:
	// jane <nil>
	// invalid_credentials
}

// A session is stored as the username and the session epoch, and checked at each
// request. The rights are the current ones.
func ExampleService_Session() {
	ctx := context.Background()
	administrators := newService()
	jane, _ := administrators.Create(ctx, &ampusers.Administrator{Username: "jane"}, store.Secret{})

	_, err := administrators.Session(ctx, "jane", jane.SessionEpoch)
	fmt.Println(err)
	_, _ = administrators.Disable(ctx, "jane")
	_, err = administrators.Session(ctx, "jane", jane.SessionEpoch)
	fmt.Println(err)
	// Output:
	// <nil>
	// there is no such session
}

// An edit changes the current record, so that no concurrent edit is lost.
func ExampleService_Update() {
	ctx := context.Background()
	administrators := newService()
	_, _ = administrators.Create(ctx, &ampusers.Administrator{Username: "jane", Sections: []string{"managers"}}, store.Secret{})

	jane, err := administrators.Update(ctx, "jane", func(a *ampusers.Administrator) error {
		a.Sections = append(a.Sections, ampusers.SectionApply)
		return nil
	})
	fmt.Println(jane.Sections, err)
	// Output: [apply managers] <nil>
}

func ExampleService_Delete() {
	ctx := context.Background()
	administrators := newService()
	_, _ = administrators.Create(ctx, &ampusers.Administrator{Username: "boss", Access: ampusers.Full}, store.NewSecret("vivid-otter-73-lanterns"))
	fmt.Println(administrators.Delete(ctx, "boss"))
	// Output: this is the last enabled full administrator who can log in; give another administrator full access and a password first
}

func ExampleService_List() {
	ctx := context.Background()
	administrators := newService()
	for _, username := range []string{"carol", "alice", "bob"} {
		_, _ = administrators.Create(ctx, &ampusers.Administrator{Username: username}, store.Secret{})
	}
	page, _ := administrators.List(ctx, ampusers.Query{PageRequest: store.PageRequest{Limit: 2}})
	for _, a := range page.Items {
		fmt.Println(a.Username)
	}
	page, _ = administrators.List(ctx, ampusers.Query{PageRequest: store.PageRequest{Limit: 2, After: page.Next}})
	fmt.Println(page.Items[0].Username, page.Next == "")
	// Output:
	// alice
	// bob
	// carol true
}

// Limited administrators can only create and change administrators without more
// rights.
func ExampleService_ForActor() {
	ctx := context.Background()
	administrators := newService()
	_, _ = administrators.Create(ctx, &ampusers.Administrator{Username: "jane", Sections: []string{"managers"}}, store.Secret{})

	_, err := administrators.ForActor("jane").Create(ctx, &ampusers.Administrator{Username: "joan", Access: ampusers.Full}, store.Secret{})
	fmt.Println(err)
	// Output: you cannot grant rights that you do not have; ask an administrator who has them
}

// New administrators set their own passwords.
func ExampleService_Invite() {
	ctx := context.Background()
	administrators := newService()
	_, _ = administrators.Create(ctx, &ampusers.Administrator{Username: "jane"}, store.Secret{})

	link, _ := administrators.Invite(ctx, "jane")
	fmt.Println("send", len(link.Token.Reveal()), "characters:", link.Token)
	jane, err := administrators.AcceptInvitation(ctx, link.Token, store.NewSecret("vivid-otter-73-lanterns"))
	fmt.Println(jane.HasPassword, err)
	_, err = administrators.AcceptInvitation(ctx, link.Token, store.NewSecret("vivid-otter-74-lanterns"))
	fmt.Println(err)
	// Output:
	// send 43 characters: [redacted]
	// true <nil>
	// there is no such invitation
}

// The operator of the host regains access.
func ExampleService_RestoreAccess() {
	ctx := context.Background()
	administrators := newService()
	link, _ := administrators.RestoreAccess(ctx, "rescue")
	rescue, err := administrators.AcceptInvitation(ctx, link.Token, store.NewSecret("vivid-otter-73-lanterns"))
	fmt.Println(rescue.Username, rescue.Access, err)
	// Output: rescue full <nil>
}

// A server prints the link of its first start; there is no default password.
func ExampleService_Bootstrap() {
	ctx := context.Background()
	administrators := newService()
	link, _ := administrators.Bootstrap(ctx)
	fmt.Println(link.Username, time.Until(link.ExpiresAt) > 23*time.Hour)
	_, _ = administrators.AcceptInvitation(ctx, link.Token, store.NewSecret("vivid-otter-73-lanterns"))
	link, err := administrators.Bootstrap(ctx)
	fmt.Println(link, err)
	// Output:
	// admin true
	// <nil> <nil>
}

func ExampleAdministrator_Can() {
	extensions, _ := scope.ParseRanges("100-199,205")
	jane := &ampusers.Administrator{Access: ampusers.Limited, Sections: []string{"managers"}, Extensions: extensions}
	fmt.Println(jane.Can("managers"), jane.Can(ampusers.SectionApply))
	fmt.Println(jane.CanExtension("150"), jane.CanExtension("0150"), jane.CanDID("+4930123"))
	// Output:
	// true false
	// true false true
}

func ExampleAdministrator_Explain() {
	extensions, _ := scope.ParseRanges("100-199,205")
	jane := &ampusers.Administrator{Access: ampusers.Limited, Extensions: extensions}
	fmt.Println(jane.Explain(ampusers.ResourceExtension, "300").Reason)
	fmt.Println(jane.Explain(ampusers.ResourceDID, "+4930123").Code)
	// Output:
	// The administrator has limited access, and this extension is not listed.
	// unrestricted
}
