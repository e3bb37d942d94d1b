package websession

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Changes returns what the request has put into the session so far: the values of pages,
// and the secrets of [Manager.PutSecret]; nil if there is nothing. It contains secrets.
// [Manager.RepeatChanges] puts the same into the session in another request, which gets
// the answer of this one because its form was submitted twice.
func (m *Manager) Changes(ctx context.Context) ([]byte, error) {
	before := map[string]any{}
	if loaded := stateFromContext(ctx).loaded; loaded != nil {
		var err error
		if _, before, err = m.SCS.Codec.Decode(loaded); err != nil {
			return nil, err
		}
	}
	changed := map[string]any{}
	for _, key := range m.SCS.Keys(ctx) {
		if own := strings.HasPrefix(key, "access.") && !strings.HasPrefix(key, keySecret); own {
			continue
		}
		if value := m.SCS.Get(ctx, key); !reflect.DeepEqual(before[key], value) {
			changed[key] = value
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return scs.GobCodec{}.Encode(time.Time{}, changed)
}

// RepeatChanges puts the result of [Manager.Changes] into the session.
func (m *Manager) RepeatChanges(ctx context.Context, changes []byte) error {
	if changes == nil {
		return nil
	}
	_, values, err := scs.GobCodec{}.Decode(changes)
	if err != nil {
		return err
	}
	for key, value := range values {
		m.SCS.Put(ctx, key, value)
	}
	return nil
}
