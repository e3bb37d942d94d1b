package extension

import (
	"slices"
	"strconv"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Kind is the kind of an extension in errors and in the audit log.
const Kind = "extension"

// Types of an [Extension].
const (
	// TypeDeskPhone has phones on desks.
	TypeDeskPhone = "desk_phone"
	// TypeSoftphone has apps on computers and mobile phones.
	TypeSoftphone = "softphone"
	// TypeVirtual has no device.
	TypeVirtual = "virtual"
)

// Limits of the fields of an [Extension].
const (
	// MaxNumberLength is in digits.
	MaxNumberLength = 20
	// MaxNameLength is in characters.
	MaxNameLength = 50
	// MaxDevices is how many devices an extension can have.
	MaxDevices = 16
	// MaxLabelLength is in characters.
	MaxLabelLength = 50
)

// Extension is a number that can be called.
type Extension struct {
	// Number is 1 to 20 digits. It is unique in the team.
	Number string `json:"number"`
	// Name is what phones show as the caller: up to 50 characters without quotation
	// marks and angle brackets. Empty shows the number only.
	Name string `json:"name"`
	// Type is [TypeDeskPhone], the default, [TypeSoftphone] or [TypeVirtual].
	Type string `json:"type"`
	// Codecs are the codecs that devices can use, the preferred one first. Empty means
	// [DefaultCodecs].
	Codecs []string `json:"codecs"`
	// Transport is the PJSIP transport that calls to the devices use, such as
	// "transport-tls". Empty lets Asterisk choose.
	Transport string `json:"transport"`
	// NAT sends everything to the address that a device is seen at, as devices behind a
	// router need it.
	NAT bool `json:"nat"`
	// Devices are in the order of their ordinals. A virtual extension has none, every
	// other at least one.
	Devices []Device `json:"devices"`

	// CreatedAt and UpdatedAt are UTC with microsecond precision. The service sets
	// them.
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	// LastOrdinal is the highest ordinal that a device of this extension has had. The
	// service sets it: a removed device leaves its ordinal to no other.
	LastOrdinal int `json:"-"`
}

// Device is a phone or an app that registers for an extension.
type Device struct {
	// Ordinal counts the devices of the extension from 1. It never changes and is never
	// used again.
	Ordinal int `json:"ordinal"`
	// Label tells the devices apart, such as "Reception". It can be empty.
	Label string `json:"label"`
	// Secret is the SIP password. Only [Service.Create], [Service.AddDevice],
	// [Service.RotateDevice] and [Service.DeviceSecret] return it.
	Secret store.Secret `json:"-"`
	// SecretChangedAt is UTC with microsecond precision. The service sets it.
	SecretChangedAt time.Time `json:"secret_changed_at"`
}

// DefaultCodecs returns the codecs of an extension without any.
func DefaultCodecs() []string { return []string{"opus", "g722", "alaw", "ulaw"} }

// Codecs returns the codecs that an extension can have.
func Codecs() []string { return []string{"opus", "g722", "alaw", "ulaw", "g729", "ilbc", "gsm"} }

// Clone returns a deep copy.
func (e *Extension) Clone() *Extension {
	c := *e
	c.Codecs = slices.Clone(e.Codecs)
	c.Devices = slices.Clone(e.Devices)
	return &c
}

// Device returns the device with an ordinal, or nil.
func (e *Extension) Device(ordinal int) *Device {
	for i := range e.Devices {
		if e.Devices[i].Ordinal == ordinal {
			return &e.Devices[i]
		}
	}
	return nil
}

// Endpoint returns the name of the PJSIP endpoint of the device of an extension, which
// is also its SIP username: the number for the first device, such as 6001, and 6001-d2
// for the second one. A team other than the default one comes first, as in acme-6001.
func Endpoint(team, number string, ordinal int) string {
	name := objectName(team, number)
	if ordinal > 1 {
		name += "-d" + strconv.Itoa(ordinal)
	}
	return name
}

// objectName returns the name of an object of a team in Asterisk.
func objectName(team, name string) string {
	if team == "" {
		return name
	}
	return team + "-" + name
}

// InternalContext returns the dialplan context of the calls that the devices of a team
// make: from-internal for the default team, and acme-internal for the team acme.
func InternalContext(team string) string {
	if team == "" {
		return "from-internal"
	}
	return objectName(team, "internal")
}
