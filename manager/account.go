package manager

import (
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Bounds of the fields of a [Account].
const (
	// MaxNameLength is one byte less than the buffer that Asterisk copies a
	// name into; it cuts a longer one in silence (main/manager.c).
	MaxNameLength = 79
	// MinSecretLength and MaxSecretLength bound a secret, in bytes. The
	// upper bound keeps it inside an AMI line of 1024 bytes and inside the
	// buffer of the HTTP digest login, the smaller of the two.
	MinSecretLength = 12
	MaxSecretLength = 200
	// DefaultWriteTimeout is Asterisk's own. It warns about a smaller value
	// and keeps the one before.
	DefaultWriteTimeout = 100
	MaxWriteTimeout     = 600_000
	// MaxNoteLength and MaxOwnerLength are counted in characters.
	MaxNoteLength  = 1000
	MaxOwnerLength = 200
	// MaxNetworks bounds Deny and Permit, each; MaxEventFilters bounds
	// EventFilters.
	MaxNetworks     = 256
	MaxEventFilters = 64
	// MaxMatchLength bounds what a filter compares with, in bytes.
	MaxMatchLength = 500
)

// Account is one AMI account: a section of manager.conf. The field names are the
// keys of that file.
type Account struct {
	// Name is what the integration logs in with: 1 to 79 letters, digits,
	// dots, dashes and underscores, beginning with a letter or a digit. It
	// is unique without regard to case, as Asterisk compares it, also among
	// the accounts written by hand in manager.conf, and it never changes.
	// "general" is not a name: Asterisk reads its global settings there.
	Name string `json:"name" validate:"required,ami_name"`
	// Secret is the password of the account, 12 to 200 bytes with no control
	// character and no space at either end. [Service.Create] generates one
	// when it is empty. Only Create and Rotate ever return it.
	Secret store.Secret `json:"-"`

	// Deny and Permit say which addresses may log in. Every deny line is
	// written before every permit line, and in Asterisk the last rule that
	// matches an address wins: Permit holds the exceptions to Deny. When
	// Permit is given and Deny is not, all other addresses are denied. When
	// both are empty, any address may log in.
	Deny   []Network `json:"deny"   validate:"max=256,dive"`
	Permit []Network `json:"permit" validate:"max=256,dive"`
	// NamedACL is the name of a list in acl.conf that an address must pass
	// as well. Asterisk denies everybody when it knows no such list.
	NamedACL string `json:"named_acl" validate:"omitempty,acl_name"`

	// Read is what the account is told of: classes of events.
	Read Privileges `json:"read"`
	// Write is what the account may do: classes of actions.
	Write Privileges `json:"write"`
	// EventFilters narrow the events of Read further. Without any, all are
	// sent.
	EventFilters []EventFilter `json:"event_filters" validate:"max=64"`

	// DisplayConnects logs each login and logoff of the account on the
	// Asterisk console. It does not decide whether "manager show users"
	// lists the account: every account is listed.
	DisplayConnects bool `json:"display_connects"`
	// AllowMultipleLogin lets the account have several sessions at once.
	AllowMultipleLogin bool `json:"allow_multiple_login"`
	// WriteTimeout is how long, in milliseconds, Asterisk waits for the
	// integration to take what it is sent before it hangs up: 100 to
	// 600 000; 0 means [DefaultWriteTimeout].
	WriteTimeout int `json:"write_timeout" validate:"omitempty,min=100,max=600000"`

	// Disabled keeps the account here and takes it from Asterisk.
	Disabled bool `json:"disabled"`
	// Note and Owner are for people; Asterisk never sees them.
	Note  string `json:"note"  validate:"max=1000,plain_text"`
	Owner string `json:"owner" validate:"max=200,plain_line"`

	// CreatedAt, UpdatedAt and SecretChangedAt are UTC with microseconds; the
	// service sets them.
	CreatedAt       time.Time `json:"created_at"`
	UpdatedAt       time.Time `json:"updated_at"`
	SecretChangedAt time.Time `json:"secret_changed_at"`
}

// Clone returns a copy that shares nothing with u.
func (a *Account) Clone() *Account {
	c := *a
	c.Deny = append([]Network(nil), a.Deny...)
	c.Permit = append([]Network(nil), a.Permit...)
	c.EventFilters = append([]EventFilter(nil), a.EventFilters...)
	return &c
}
