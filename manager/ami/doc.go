// Package ami is a client of the Asterisk Manager Interface, the text protocol
// on TCP port 5038 with which programs control and monitor Asterisk.
//
// [Dial] connects and logs in. [Client.Do] runs one action, [Client.List] runs
// one that answers with a list of events, and [Client.Subscribe] receives
// events:
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
// A client lives as long as the program: it reconnects when the connection is
// lost, and keeps its subscriptions. It implements [asteriskconf.Asterisk], the
// interface for applying configuration ([Client.Version], [Client.ReadConfig],
// [Client.Reload], [Client.Command]). [CheckLogin] only checks whether an
// account can log in.
//
// Asterisk runs the actions of one connection in order: while a long reload
// runs, others on the same client wait. Answers are matched by ActionID only.
// It is random enough that no other account of the PBX can forge an answer in
// an event of its own.
//
// All input is treated as hostile. [Options.MaxMessage] and
// [SubscribeOptions.Buffer] limit memory. Nothing that is sent can contain a
// line break, so no value can become an action. Comments name the rules of
// main/manager.c in Asterisk 22; version 16 and later speak the same protocol.
// Package manager manages the accounts. The HTTP variants of AMI are not
// supported.
//
// Package amitest is a fake Asterisk for tests of programs that use this
// package.
package ami
