// Package extension manages the extensions of an Asterisk PBX and the devices that ring
// for them.
//
// An [Extension] is a number that can be called. It has devices: each is a PJSIP
// endpoint of its own with a generated secret, so that one can be removed alone. A call
// to the number rings all devices that are registered.
//
// [Service] enforces the rules, and a [Store] persists. [PJSIPSource] and
// [DialplanSource] render the extensions of a team into pbxusers_pjsip.conf and
// pbxusers_extensions.conf, and verify that the running Asterisk serves them; package
// asteriskconf applies them.
package extension
