package manager

import (
	"cmp"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Preset is a predefined set of privileges for one kind of integration.
type Preset struct {
	// Name identifies the preset.
	Name string `json:"name"`
	// Description is one sentence: the purpose and the access.
	Description string `json:"description"`
	// The fields of [Account] that it sets.
	Read         Privileges    `json:"read"`
	Write        Privileges    `json:"write"`
	WriteTimeout int           `json:"write_timeout"`
	EventFilters []EventFilter `json:"event_filters"`
}

// applyPrivileges are the write classes that an apply needs: Reload and
// GetConfig (config), the console (command), CoreSettings (reporting).
const applyPrivileges = Config | Command | Reporting

// Presets returns all presets.
func Presets() []Preset {
	presets := []Preset{
		{
			Name:        "click-to-call",
			Description: "A CRM that starts calls, shows callers, and can redirect or hang up its calls.",
			Read:        Call | UserClass, Write: Call | Originate,
		},
		{
			Name:        "queue-dashboard",
			Description: "A wallboard that shows queues, their agents and waiting callers, and changes nothing.",
			Read:        Agent | Call, Write: NoPrivileges,
		},
		{
			Name:        "cdr-collector",
			Description: "A billing or reporting system that receives one record at the end of each call; requires cdr_manager.",
			Read:        CDR, Write: NoPrivileges,
		},
		{
			Name:        "monitoring",
			Description: "A monitoring system that reads the state of Asterisk, its channels and phones, and receives restart events.",
			Read:        System | Reporting, Write: Reporting,
		},
		{
			Name:        "apply",
			Description: "The account that applies the configuration; equivalent to root on the PBX.",
			Read:        Security, Write: applyPrivileges | System, WriteTimeout: 5000,
		},
	}
	for i := range presets {
		presets[i].WriteTimeout = cmp.Or(presets[i].WriteTimeout, DefaultWriteTimeout)
		presets[i].EventFilters = []EventFilter{}
	}
	return presets
}

// LookupPreset returns the preset with a name and whether it exists.
func LookupPreset(name string) (Preset, bool) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// PresetNames returns the names of all presets.
func PresetNames() []string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	return names
}

// ApplyPreset sets the privileges of the preset with a name, see [Preset.ApplyTo]. An
// empty name sets nothing. It returns a [store.InvalidError] on "preset" for an unknown
// name.
func (a *Account) ApplyPreset(name string) error {
	if name == "" {
		return nil
	}
	preset, ok := LookupPreset(name)
	if !ok {
		return store.NewInvalidError(store.FieldError{Field: "preset", Code: store.CodeOneOf, Message: "choose one of " + strings.Join(PresetNames(), ", ")})
	}
	preset.ApplyTo(a)
	return nil
}

// ApplyTo sets the privileges of the preset. It also allows several sessions,
// as Asterisk does by default: integrations reconnect before their old session
// has ended.
func (p Preset) ApplyTo(a *Account) {
	a.Read, a.Write, a.WriteTimeout, a.EventFilters = p.Read, p.Write, p.WriteTimeout, p.EventFilters
	a.AllowMultipleLogin = true
}
