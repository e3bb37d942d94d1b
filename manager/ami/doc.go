// Package ami is a client of the Asterisk Manager Interface, the text protocol
// on TCP port 5038 with which programs control Asterisk and watch it.
//
// [Dial] connects and logs in. [Client.Do] runs one action, [Client.List] one
// that answers with a list of events, and [Client.Subscribe] receives what
// Asterisk reports by itself:
//
//	client, err := ami.Dial(ctx, "pbx.example.com:5038", &ami.Options{
//		Username: "crm",
//		Secret:   store.NewSecret(secret),
//		Events:   "call",
//	})
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	answer, err := client.Do(ctx, ami.Action{Name: "Ping"})
//
// A client lives as long as the program: it connects again when the
// connection is lost, and keeps its subscriptions. It also is the
// [asteriskconf.Asterisk] that configuration is applied through
// ([Client.Version], [Client.ReadConfig], [Client.Reload], [Client.Command]).
// [CheckLogin] answers whether an account can log in, and no more.
//
// Asterisk works off the actions of one connection one after the other: while
// a long reload runs, others on the same client wait. Answers are matched by
// ActionID alone, which is random enough that no other account of the PBX can
// forge one in an event of its own.
//
// Everything that arrives is taken for hostile: memory is bounded by
// [Options.MaxMessage] and [SubscribeOptions.Buffer], and nothing that is sent
// can hold a line break, so that no value becomes an action. The rules quoted
// are those of main/manager.c in Asterisk 22; 16 and later speak the same
// protocol. Accounts are not made here but in package manager, and the HTTP
// variants of AMI are not spoken.
//
// Package amitest is a fake Asterisk for the tests of programs that use this
// one.
package ami
