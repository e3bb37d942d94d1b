package manager

import (
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Limits of the fields of an [Account].
const (
	// MaxNameLength is one byte less than Asterisk's buffer for a name.
	// Asterisk silently truncates a longer one (main/manager.c).
	MaxNameLength = 79
	// MinSecretLength and MaxSecretLength limit a secret, in bytes. The upper
	// limit fits an AMI line of 1024 bytes and the buffer of the HTTP digest
	// login, which is the smaller one.
	MinSecretLength = 12
	MaxSecretLength = 200
	// DefaultWriteTimeout is Asterisk's default. Asterisk logs a warning about
	// a smaller value and keeps the previous one.
	DefaultWriteTimeout = 100
	MaxWriteTimeout     = 600_000
	// MaxNoteLength and MaxOwnerLength are in characters.
	MaxNoteLength  = 1000
	MaxOwnerLength = 200
	// MaxNetworks limits Deny and Permit, each. MaxEventFilters limits
	// EventFilters.
	MaxNetworks     = 256
	MaxEventFilters = 64
	// MaxMatchLength limits the match text of a filter, in bytes.
	MaxMatchLength = 500
)

// Account is one AMI account: a section of manager.conf. The JSON names are the
// keys of that file.
type Account struct {
	// Name is the login name: 1 to 79 letters, digits, dots, dashes and
	// underscores, beginning with a letter or digit. It is unique, ignoring
	// case as Asterisk does, also among the accounts in manager.conf. It never
	// changes. The name "general" is reserved for Asterisk's global settings.
	Name string `json:"name"`
	// Secret is the password of the account: 12 to 200 bytes without control
	// characters and without spaces at either end. [Service.Create] generates
	// one if it is empty. Only Create and Rotate return it.
	Secret store.Secret `json:"-"`

	// Deny and Permit restrict the client addresses. All deny lines come before
	// all permit lines, and in Asterisk the last matching rule wins: Permit
	// holds the exceptions to Deny. If Permit is set and Deny is not, all other
	// addresses are denied. If both are empty, any address may log in.
	Deny   []Network `json:"deny"   validate:"max=256,dive"`
	Permit []Network `json:"permit" validate:"max=256,dive"`
	// NamedACL is a list in acl.conf that an address must also pass. Asterisk
	// denies every address if the list does not exist.
	NamedACL string `json:"named_acl"`

	// Read is the event classes that the account receives.
	Read Privileges `json:"read"`
	// Write is the action classes that the account may use.
	Write Privileges `json:"write"`
	// EventFilters restrict the events of Read further. Without filters, all
	// are sent.
	EventFilters []EventFilter `json:"event_filters" validate:"max=64"`

	// DisplayConnects logs each login and logoff of the account on the Asterisk
	// console. It does not hide the account from "manager show users", which
	// lists every account.
	DisplayConnects bool `json:"display_connects"`
	// AllowMultipleLogin allows several sessions at once.
	AllowMultipleLogin bool `json:"allow_multiple_login"`
	// WriteTimeout is the time in milliseconds that Asterisk waits for a slow
	// client before it hangs up: 100 to 600 000. 0 means [DefaultWriteTimeout].
	WriteTimeout int `json:"write_timeout"`

	// Disabled removes the account from Asterisk but not from the store.
	Disabled bool `json:"disabled"`
	// Note and Owner are free text. Asterisk never sees them.
	Note  string `json:"note"`
	Owner string `json:"owner"`

	// CreatedAt, UpdatedAt and SecretChangedAt are UTC with microsecond
	// precision. The service sets them.
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"`
	SecretChangedAt time.Time `json:"secret_changed_at"`
}

// Clone returns a deep copy.
func (a *Account) Clone() *Account {
	c := *a
	c.Deny = append([]Network(nil), a.Deny...)
	c.Permit = append([]Network(nil), a.Permit...)
	c.EventFilters = append([]EventFilter(nil), a.EventFilters...)
	return &c
}
