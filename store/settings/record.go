package settings

import (
	"context"
	"maps"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
)

// Record is what a product has saved: one record for all settings.
type Record struct {
	// Revision counts the saves. It is 0 if nothing was ever saved.
	Revision int64
	// Values are the texts of [field.Value.String] by the names of their settings. All
	// of them are secrets here: the record does not know which ones are.
	Values map[string]store.Secret
	// UpdatedAt is the time of the last save.
	UpdatedAt time.Time
}

// Clone returns a deep copy.
func (r *Record) Clone() *Record {
	c := *r
	c.Values = maps.Clone(r.Values)
	return &c
}

// auditState returns the [audit.Event].State of the record; nil if nothing was saved.
func (r *Record) auditState() []byte {
	if r.Revision == 0 {
		return nil
	}
	values := make(map[string]string, len(r.Values))
	for name, value := range r.Values {
		values[name] = value.Reveal()
	}
	return audit.MarshalState(struct {
		Revision  int64             `json:"revision"`
		Values    map[string]string `json:"values,omitempty"`
		UpdatedAt int64             `json:"updated_at,omitempty"`
	}{r.Revision, values, audit.StateTime(r.UpdatedAt)})
}

// Store persists the record. A backend only persists, and encrypts the values if it
// writes them to a disk. Every method joins the transaction of its context (see
// [store.Transactor]) and is safe for concurrent use. When the context has ended, a
// method writes nothing and returns the context's error.
type Store interface {
	store.Transactor
	// Settings returns the record; one of revision 0 if nothing was saved.
	Settings(ctx context.Context) (*Record, error)
	// PutSettings replaces the record. It returns a [store.ConflictError] unless the
	// stored revision is the revision of r minus 1.
	PutSettings(ctx context.Context, r *Record) error
}

// Definition describes one setting.
type Definition struct {
	// Meta has the name and the kind of the setting. A rule is for the product, see
	// [Options].Validate.
	field.Meta

	// Secret says that nothing shows the value: neither the audit log nor an error.
	Secret bool
	// SentTo names the settings of the server that receives the secret, and of the
	// protection on the way. If one of them changes, the secret must be set again in the
	// same save, or removed. It is empty for other settings.
	SentTo []string
}
