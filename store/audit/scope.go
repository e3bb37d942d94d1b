package audit

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/scopedlist"
	"github.com/pbxusers/pbxusers/store"
)

// ListInScope returns one page of the entries that match q and that inScope accepts,
// newest first. It does not reveal how many other entries there are, except by the
// gaps in the sequences. The entries have no Hash, because the hash of an entry
// confirms a guess at the entries before it.
func (l *Log) ListInScope(ctx context.Context, q Query, inScope func(*Entry) bool) (*store.Page[*Entry], error) {
	fetch := func(ctx context.Context, page store.PageRequest) (*store.Page[*Entry], error) {
		q.PageRequest = page
		return l.List(ctx, q)
	}
	list, err := scopedlist.List(ctx, q.PageRequest, fetch, inScope, false)
	if err != nil {
		return nil, err
	}
	for _, e := range list.Items {
		e.Hash = nil
	}
	return list, nil
}
