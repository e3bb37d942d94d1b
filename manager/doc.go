// Package manager manages accounts of the Asterisk Manager Interface (AMI).
// Integrations such as a CRM, a dialer or a wallboard log in with them on TCP
// port 5038. The package validates and stores the accounts and renders them
// into pbxusers_manager.conf. [ConfSource], which package asteriskconf applies,
// verifies that the running Asterisk serves them.
//
// An AMI account is neither an administrator (package ampusers) nor a user
// (package userman), and cannot sign in to any page. Package manager/ami
// implements the AMI protocol.
//
// Comments name the Asterisk source file of each rule. All rules are those of
// Asterisk 22.
package manager
