package manager

import "cmp"

// Preset is a ready choice of privileges for one kind of integration.
type Preset struct {
	// Name is the word to choose it by.
	Name string `json:"name"`
	// Description is one sentence: what it is for, and what it lets in.
	Description string `json:"purpose"`
	// The fields of [Account] that it sets.
	Read         Privileges    `json:"read"`
	Write        Privileges    `json:"write"`
	WriteTimeout int           `json:"write_timeout"`
	EventFilters []EventFilter `json:"event_filters"`
}

// applyPrivileges are the classes that an apply needs in write: Reload and
// GetConfig (config), the console (command), CoreSettings (reporting).
const applyPrivileges = Config | Command | Reporting

// Presets returns all presets.
func Presets() []Preset {
	presets := []Preset{
		{
			Name:        "click-to-call",
			Description: "A CRM that starts calls, shows who calls, and can redirect or hang up what it started.",
			Read:        Call | UserClass, Write: Call | Originate,
		},
		{
			Name:        "queue-dashboard",
			Description: "A wallboard that shows queues, their agents and waiting callers, and changes nothing.",
			Read:        Agent | Call, Write: NoPrivileges,
		},
		{
			Name:        "cdr-collector",
			Description: "A billing or reporting system that is sent one record at the end of each call; it needs cdr_manager to be enabled.",
			Read:        CDR, Write: NoPrivileges,
		},
		{
			Name:        "monitoring",
			Description: "A monitoring system that asks for the state of Asterisk, its channels and phones, and is told of restarts.",
			Read:        System | Reporting, Write: Reporting,
		},
		{
			Name:        "apply",
			Description: "The account with which this module applies the configuration; as good as root on the PBX.",
			Read:        Security, Write: applyPrivileges | System, WriteTimeout: 5000,
		},
	}
	for i := range presets {
		presets[i].WriteTimeout = cmp.Or(presets[i].WriteTimeout, DefaultWriteTimeout)
		presets[i].EventFilters = []EventFilter{}
	}
	return presets
}

// LookupPreset returns the preset of that name, and whether there is one.
func LookupPreset(name string) (Preset, bool) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// ApplyTo sets the fields of u that the preset speaks of, and lets the account
// have several sessions, as Asterisk does by default: integrations reconnect
// before their old session has ended.
func (p Preset) ApplyTo(a *Account) {
	a.Read, a.Write, a.WriteTimeout, a.EventFilters = p.Read, p.Write, p.WriteTimeout, p.EventFilters
	a.AllowMultipleLogin = true
}
