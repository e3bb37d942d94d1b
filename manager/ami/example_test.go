package ami_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
)

// login returns the options of the examples.
func login() *ami.Options {
	return &ami.Options{Username: "crm", Secret: store.NewSecret("for-tests-only")}
}

// fakeAsterisk stands in for "pbx.example.com:5038".
func fakeAsterisk() *amitest.Server {
	return amitest.NewServer(&amitest.Options{
		Accounts: []amitest.Account{{Name: "crm", Secret: "for-tests-only"}},
		Files: map[string][]dialect.Section{"manager.conf": {
			{Name: "general", Lines: []dialect.Line{{Key: "enabled", Value: "yes"}}},
			{Name: "crm", Lines: []dialect.Line{{Key: "write", Value: "originate"}}},
		}},
		Commands: map[string][]string{"manager show users": {"crm", "1 manager users configured."}},
	})
}

func ExampleDial() {
	asterisk := fakeAsterisk()
	defer asterisk.Close()
	ctx := context.Background()

	client, err := ami.Dial(ctx, asterisk.Addr(), login())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	version, err := client.Version(ctx)
	fmt.Println(version, err)
	// Output: 22.10.1 <nil>
}

func ExampleClient_Do() {
	asterisk := fakeAsterisk()
	defer asterisk.Close()
	asterisk.Handle("Originate", func(c *amitest.Conn, r *amitest.Request) {
		c.Succeed(r, ami.Header{Name: "Message", Value: "Originate successfully queued"})
	})
	ctx := context.Background()
	client, err := ami.Dial(ctx, asterisk.Addr(), login())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	answer, err := client.Do(ctx, ami.Action{Name: "Originate", Headers: []ami.Header{
		{Name: "Channel", Value: "PJSIP/1001"},
		{Name: "Exten", Value: "1002"},
		{Name: "Context", Value: "from-internal"},
		{Name: "Priority", Value: "1"},
		{Name: "Async", Value: "true"},
	}})
	fmt.Println(answer.Get("Message"), err)

	_, err = client.Do(ctx, ami.Action{Name: "Hangup", Headers: []ami.Header{
		{Name: "Channel", Value: "x\r\nAction: Originate"},
	}})
	fmt.Println(errors.Is(err, store.ErrInvalid))
	// Output:
	// Originate successfully queued <nil>
	// true
}

func ExampleClient_List() {
	asterisk := fakeAsterisk()
	defer asterisk.Close()
	asterisk.Handle("PJSIPShowEndpoints", func(c *amitest.Conn, r *amitest.Request) {
		c.List(r, "EndpointList",
			[]ami.Header{{Name: "ObjectName", Value: "1001"}, {Name: "DeviceState", Value: "Not in use"}},
			[]ami.Header{{Name: "ObjectName", Value: "1002"}, {Name: "DeviceState", Value: "Unavailable"}})
	})
	ctx := context.Background()
	client, err := ami.Dial(ctx, asterisk.Addr(), login())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	phones, err := client.List(ctx, ami.Action{Name: "PJSIPShowEndpoints"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, phone := range phones.Events {
		fmt.Println(phone.Get("ObjectName"), phone.Get("DeviceState"))
	}
	// Output:
	// 1001 Not in use
	// 1002 Unavailable
}

func ExampleClient_Subscribe() {
	asterisk := fakeAsterisk()
	defer asterisk.Close()
	ctx := context.Background()
	opts := login()
	opts.Events = "call"
	client, err := ami.Dial(ctx, asterisk.Addr(), opts)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	calls, err := client.Subscribe(&ami.SubscribeOptions{Events: []string{"Newchannel", "Hangup"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	asterisk.Event("Newchannel", ami.Header{Name: "Channel", Value: "PJSIP/1001-00000001"})
	asterisk.Event("Hangup", ami.Header{Name: "Channel", Value: "PJSIP/1001-00000001"})

	for range 2 {
		event, err := calls.Next(ctx)
		switch {
		case err != nil:
			fmt.Println(err)
		case event.Gap != nil:
			fmt.Println("events are missing here: read the channels again")
		default:
			fmt.Println(event.Name(), event.Get("Channel"))
		}
	}
	// Output:
	// Newchannel PJSIP/1001-00000001
	// Hangup PJSIP/1001-00000001
}

func ExampleClient_ReadConfig() {
	asterisk := fakeAsterisk()
	defer asterisk.Close()
	ctx := context.Background()
	client, err := ami.Dial(ctx, asterisk.Addr(), login())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	sections, err := client.ReadConfig(ctx, "manager.conf")
	fmt.Println(sections, err)
	_, err = client.ReadConfig(ctx, "absent.conf")
	fmt.Println(err)
	// Output:
	// [{general [{enabled yes}]} {crm [{write originate}]}] <nil>
	// Asterisk rejected the reading of absent.conf: Config file not found
}

func ExampleClient_Reload() {
	asterisk := fakeAsterisk()
	defer asterisk.Close()
	ctx := context.Background()
	client, err := ami.Dial(ctx, asterisk.Addr(), login())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	fmt.Println(client.Reload(ctx, "manager"))
	// Output: <nil>
}

func ExampleClient_Command() {
	asterisk := fakeAsterisk()
	defer asterisk.Close()
	ctx := context.Background()
	client, err := ami.Dial(ctx, asterisk.Addr(), login())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	lines, err := client.Command(ctx, "manager show users")
	fmt.Printf("%q %v\n", lines, err)
	// Output: ["crm" "1 manager users configured."] <nil>
}

func ExampleCheckLogin() {
	asterisk := fakeAsterisk()
	defer asterisk.Close()
	opts := login()
	opts.Secret = store.NewSecret("mistyped")

	_, err := ami.CheckLogin(context.Background(), asterisk.Addr(), opts)
	fmt.Println(errors.Is(err, ami.ErrAuthentication))
	// Output: true
}
