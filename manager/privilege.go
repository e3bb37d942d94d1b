package manager

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Privileges is a set of AMI privilege classes. The zero value is empty. The
// bits are in Asterisk's order of classes but are not Asterisk's.
type Privileges uint32

// The 19 classes of Asterisk 22 (perms[] in main/manager.c). Asterisk's "all"
// has further unnamed bits and is not offered. [AllPrivileges] lists the 19
// classes.
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

// AllPrivileges contains every class. NoPrivileges is empty.
const (
	AllPrivileges = Privileges(1<<19 - 1)
	NoPrivileges  = Privileges(0)
)

// Class describes one privilege class.
type Class struct {
	// Privilege is the class, and Name is its exact name in manager.conf.
	Privilege Privileges `json:"-"`
	Name      string     `json:"name"`
	// Read describes the events of the class. It is empty if Asterisk has none.
	Read string `json:"read"`
	// Write describes the actions of the class. It is empty if Asterisk has
	// none.
	Write string `json:"write"`
}

// Classes returns the 19 classes in Asterisk's order.
func Classes() []Class { return slices.Clone(classes[:]) }

// rootSuffix marks the classes that can take over the host.
const rootSuffix = ": equivalent to root"

var classes = [...]Class{
	{System, "system", "Asterisk starts, stops and reloads; trunks and phones register", "reload and restart Asterisk, read and write its database" + rootSuffix},
	{Call, "call", "calls as they begin, ring, are answered and end", "redirect, bridge, hang up, park and record running calls"},
	{Log, "log", "", ""},
	{Verbose, "verbose", "", ""},
	{Command, "command", "", "run any Asterisk console command" + rootSuffix},
	{Agent, "agent", "queues and their agents: logins, pauses, answered calls", "add, remove and pause queue members, log agents off"},
	{UserClass, "user", "custom events of the dialplan and other integrations", "send custom events"},
	{Config, "config", "", "read and write configuration files, reload modules" + rootSuffix},
	{DTMF, "dtmf", "every key pressed in a call, including PINs and card numbers", ""},
	{Reporting, "reporting", "quality figures of running calls", "read the status of channels, phones and the system"},
	{CDR, "cdr", "a record at the end of each call, if cdr_manager is loaded", ""},
	{Dialplan, "dialplan", "each dialplan step and each variable that it sets", ""},
	{Originate, "originate", "", "start new calls"},
	{AGI, "agi", "commands of AGI programs", "send AGI commands to a running call"},
	{CC, "cc", "call completion requests and their progress", ""},
	{AOC, "aoc", "advice of charge", "send advice of charge to a caller"},
	{Test, "test", "events of Asterisk's own test suite", ""},
	{Security, "security", "each successful or failed login of phones and AMI accounts", ""},
	{Message, "message", "", "send text messages to phones"},
}

// Has reports whether p contains every class of q.
func (p Privileges) Has(q Privileges) bool { return p&q == q }

// Names returns the exact names of the classes in Asterisk's order.
func (p Privileges) Names() []string {
	names := make([]string, 0, bits.OnesCount32(uint32(p)))
	for _, c := range &classes {
		if p.Has(c.Privilege) {
			names = append(names, c.Name)
		}
	}
	return names
}

// String returns the value for manager.conf: exact names joined by commas
// without spaces, or "none". Asterisk reads an empty name as every class, and a
// prefix as all classes that begin with it (get_perm in main/manager.c). String
// returns neither.
func (p Privileges) String() string {
	if p == NoPrivileges {
		return "none"
	}
	return strings.Join(p.Names(), ",")
}

// ParsePrivileges parses exact names of classes. "all" means all 19; "none" or
// no name means none. It returns a [store.InvalidError] on the index of each unknown
// name, such as "[2]", and no privileges then.
func ParsePrivileges(names ...string) (Privileges, error) {
	var p Privileges
	var errs []store.FieldError
	for i, name := range names {
		class, ok := lookupClass(name)
		if !ok {
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("[%d]", i), Code: store.CodePrivilege,
				Message: "unknown privilege class; use one of " + AllPrivileges.list() + ", all or none",
			})
		}
		p |= class
	}
	if err := store.NewInvalidError(errs...); err != nil {
		return NoPrivileges, err
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

// MarshalJSON returns the names of the classes as a list.
func (p Privileges) MarshalJSON() ([]byte, error) { return json.Marshal(p.Names()) }

// UnmarshalJSON parses a list of names like [ParsePrivileges].
func (p *Privileges) UnmarshalJSON(data []byte) error {
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return store.NewInvalidError(store.FieldError{Code: store.CodeType, Message: "must be a list of privilege classes"})
	}
	parsed, err := ParsePrivileges(names...)
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
