package sqlstore

import (
	"net/netip"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

func entryTable() table {
	return table{
		name: "pbxusers_audit",
		columns: []string{
			"sequence", "time", "actor_kind", "actor_name", "actor_remote_addr", "actor_service", "action", "kind", "record_key", "extensions", "outcome", "reason",
			"before_json", "after_json", "fingerprint", "hash", "signature",
		},
	}
}

// encodeEntry returns the values of the columns of entryTable.
func encodeEntry(e *audit.Entry) []any {
	return []any{
		e.Sequence, e.Time.UnixMicro(), e.Actor.Kind, e.Actor.Name, encodeAddr(e.Actor.RemoteAddr), e.Actor.Service, e.Action, e.Kind, e.Key,
		strings.Join(e.Extensions, extensionSeparator), e.Outcome, e.Reason,
		nullIfEmpty(string(e.Before)), nullIfEmpty(string(e.After)), encodeHash(e.Fingerprint), encodeHash(e.Hash), encodeHash(e.Signature),
	}
}

// decodeEntry decodes one row of the columns of entryTable.
func decodeEntry(row scanner) (*audit.Entry, error) {
	e, at, addr, extensions := &audit.Entry{}, int64(0), "", ""
	err := row.Scan(
		&e.Sequence, &at, &e.Actor.Kind, &e.Actor.Name, &addr, &e.Actor.Service, &e.Action, &e.Kind, &e.Key,
		&extensions, &e.Outcome, &e.Reason,
		(*[]byte)(&e.Before), (*[]byte)(&e.After), &e.Fingerprint, (*[]byte)(&e.Hash), &e.Signature,
	)
	e.Time, e.Actor.RemoteAddr = fromMicro(at), decodeAddr(addr)
	for _, optional := range []*[]byte{(*[]byte)(&e.Before), (*[]byte)(&e.After), &e.Fingerprint} {
		*optional = decodeOptional(*optional)
	}
	if extensions != "" {
		e.Extensions = strings.Split(extensions, extensionSeparator)
	}
	return e, err
}

// extensionSeparator separates the extensions of an entry. They contain no control
// characters.
const extensionSeparator = "\n"

// encodeAddr returns the text of an address, "" for the zero one.
func encodeAddr(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// decodeAddr parses the text of an address. Any other text becomes the zone of an
// address that no actor has, so that the hash of the entry does not match.
func decodeAddr(text string) netip.Addr {
	if text == "" {
		return netip.Addr{}
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.String() == text {
		return addr
	}
	return netip.IPv6Unspecified().WithZone(text)
}

// decodeOptional returns a value that is NULL if it is empty. An empty value that is
// not NULL was not written by this program: it becomes an empty JSON text, so that the
// hash of the entry does not match.
func decodeOptional(value []byte) []byte {
	if value != nil && len(value) == 0 {
		return []byte(`""`)
	}
	return value
}

// ceilMicro returns the first microsecond that is not before t.
func ceilMicro(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }
