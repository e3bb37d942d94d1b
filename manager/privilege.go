package manager

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Privileges is a set of AMI privilege classes. The zero value is none. Its
// bits are ours, in the order in which Asterisk lists the classes.
type Privileges uint32

// The 19 classes of Asterisk 22 (perms[] in main/manager.c). The set of
// everything that Asterisk calls "all" has further, nameless bits and is not
// offered: [AllPrivileges] is the 19 spelt out.
const (
	System Privileges = 1 << iota
	Call
	Log
	Verbose
	Command
	Agent
	UserClass
	Config
	DTMF
	Reporting
	CDR
	Dialplan
	Originate
	AGI
	CC
	AOC
	Test
	Security
	Message
)

// AllPrivileges is every class, and NoPrivileges is none.
const (
	AllPrivileges = Privileges(1<<19 - 1)
	NoPrivileges  = Privileges(0)
)

// Class describes one privilege class.
type Class struct {
	// Privilege is the class itself, and Name its exact name in
	// manager.conf.
	Privilege Privileges
	Name      string
	// Read says what an account sees that has the class in Read; empty when
	// Asterisk has no event of this class.
	Read string
	// Write says what an account can do that has the class in Write; empty
	// when Asterisk has no action of this class.
	Write string
}

// Classes returns the 19 classes in Asterisk's order.
func Classes() []Class { return slices.Clone(classes[:]) }

var classes = [...]Class{
	{System, "system", "Asterisk starts, stops and reloads; trunks and phones register", "reload and restart Asterisk, read and write its database: as good as root"},
	{Call, "call", "calls as they begin, ring, are answered and end", "redirect, bridge, hang up, park and record running calls"},
	{Log, "log", "", ""},
	{Verbose, "verbose", "", ""},
	{Command, "command", "", "run any command of the Asterisk console: as good as root"},
	{Agent, "agent", "queues and their agents: who logs in, pauses, takes a call", "add, remove and pause queue members, log agents off"},
	{UserClass, "user", "events that the dialplan and other integrations send on their own", "send such events"},
	{Config, "config", "", "read and write configuration files, reload modules: as good as root"},
	{DTMF, "dtmf", "every key that is pressed in a call, PINs and card numbers too", ""},
	{Reporting, "reporting", "figures about the quality of running calls", "ask for status: channels, phones, system"},
	{CDR, "cdr", "a record of each call when it ends, when cdr_manager is loaded", ""},
	{Dialplan, "dialplan", "each step of the dialplan and each variable that it sets", ""},
	{Originate, "originate", "", "start new calls"},
	{AGI, "agi", "commands that AGI programs run", "send AGI commands to a running call"},
	{CC, "cc", "call completion: who waits for whom to be free", ""},
	{AOC, "aoc", "advice of charge", "send advice of charge to a caller"},
	{Test, "test", "events of Asterisk's own test suite", ""},
	{Security, "security", "each login that succeeds or fails, on phones and on AMI", ""},
	{Message, "message", "", "send text messages to phones"},
}

// Has reports whether p holds every class of q.
func (p Privileges) Has(q Privileges) bool { return p&q == q }

// Names returns the exact names of the classes of p in Asterisk's order.
func (p Privileges) Names() []string {
	names := make([]string, 0, bits.OnesCount32(uint32(p)))
	for _, c := range &classes {
		if p.Has(c.Privilege) {
			names = append(names, c.Name)
		}
	}
	return names
}

// String returns what manager.conf takes: exact names joined by commas
// without a space, or "none". Asterisk reads an empty name as every class and
// a shortened one as all that begin so (get_perm in main/manager.c): neither
// can come out of here.
func (p Privileges) String() string {
	if p == NoPrivileges {
		return "none"
	}
	return strings.Join(p.Names(), ",")
}

// ParsePrivileges reads exact names of classes. "all" stands for all 19, and
// no name, or "none", for no class. An unknown name is a [store.InvalidError].
func ParsePrivileges(names ...string) (Privileges, error) {
	var p Privileges
	for i, name := range names {
		class, ok := lookupClass(name)
		if !ok {
			return 0, store.NewInvalidError(store.FieldError{
				Field: fmt.Sprintf("[%d]", i), Code: "privilege",
				Message: "this is not a privilege class; write one of " + AllPrivileges.list() + ", all or none",
			})
		}
		p |= class
	}
	return p, nil
}

func lookupClass(name string) (Privileges, bool) {
	switch name {
	case "all":
		return AllPrivileges, true
	case "none":
		return NoPrivileges, true
	}
	for _, c := range &classes {
		if c.Name == name {
			return c.Privilege, true
		}
	}
	return 0, false
}

func (p Privileges) list() string { return strings.Join(p.Names(), ", ") }

// MarshalJSON writes the names of the classes as a list.
func (p Privileges) MarshalJSON() ([]byte, error) { return json.Marshal(p.Names()) }

// UnmarshalJSON reads a list of names as [ParsePrivileges] does.
func (p *Privileges) UnmarshalJSON(data []byte) error {
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return store.NewInvalidError(store.FieldError{Code: "type", Message: "write a list of privilege classes"})
	}
	parsed, err := ParsePrivileges(names...)
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
