// Package asterisk connects a program to the Asterisk whose configuration it applies. A
// [Host] knows the configuration folder, the address of AMI, and the AMI account that
// applies with the file of its secret. It installs the include lines, creates the
// account, loads it without AMI the first time, and logs in from then on.
//
// The methods of [Host] serve a product at three times:
//
//   - [Host.PlanInstall] and [Host.Install] set up a host once. They can run again to
//     repair an installation.
//   - [Host.Dial] and [Host.ConfigDir] open what package asteriskconf needs to plan,
//     apply, roll back and recover.
//   - [Host.Version] and [Host.Probe] test logins.
//
// Package manager has the accounts, manager/ami the protocol, and asteriskconf the
// files.
package asterisk
