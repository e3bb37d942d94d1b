package ldapdir

import (
	"context"
	"fmt"

	"github.com/go-ldap/ldap/v3"
)

const (
	// maxEntries is the maximum number of entries of one search, and maxEmptyPages
	// the maximum number of consecutive empty pages.
	maxEntries    = 1_000_000
	maxEmptyPages = 100
	// noAttributes requests entries without attributes (RFC 4511, 4.5.1.8).
	noAttributes = "1.1"
)

// search returns a request for all entries below base that match filter.
func (d *Directory) search(base, filter string, attributes ...string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		0, int(d.opts.Timeout.Seconds()), false, filter, attributes, nil)
}

// eachEntry calls visit for every entry, page by page. All entries were visited
// only if it returns nil.
func (s *session) eachEntry(ctx context.Context, request *ldap.SearchRequest, pageSize int, visit func(*ldap.Entry) error) error {
	var cookie []byte
	for seen, emptyPages := 0, 0; ; {
		entries, next, err := s.searchPage(ctx, request, pageSize, cookie)
		if err != nil {
			return err
		}
		if emptyPages++; len(entries) > 0 {
			emptyPages = 0
		}
		if seen += len(entries); seen > maxEntries || emptyPages > maxEmptyPages {
			return fmt.Errorf("ldapdir: %s: too many results; narrow the filter", s.server.name)
		}
		for _, entry := range entries {
			if err := visit(entry); err != nil {
				return err
			}
		}
		if cookie = next; len(cookie) == 0 {
			return nil
		}
	}
}

// searchPage returns the page for a cookie, and the cookie of the next page, which
// is empty for the last one. It skips referrals.
func (s *session) searchPage(ctx context.Context, request *ldap.SearchRequest, size int, cookie []byte) ([]*ldap.Entry, []byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, wrapError(ctx, s.server.name, err)
	}
	paging := ldap.NewControlPaging(uint32(size)) //nolint:gosec // 1 to maxPageSize
	paging.SetCookie(cookie)
	request.Controls = []ldap.Control{paging}
	s.raw.setLimit(maxPage)
	result, err := s.conn.Search(request)
	if err != nil {
		return nil, nil, wrapError(ctx, s.server.name, err)
	}
	if len(result.Entries) > size {
		return nil, nil, fmt.Errorf("ldapdir: %s: the server exceeded the page size; enable paged results (RFC 2696), or increase the page size", s.server.name)
	}
	answer, paged := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
	switch {
	case paged:
		return result.Entries, answer.Cookie, nil
	case len(cookie) > 0:
		return nil, nil, fmt.Errorf("ldapdir: %s: the server does not report whether there are more entries", s.server.name)
	}
	return result.Entries, nil, nil // it sent all entries
}
