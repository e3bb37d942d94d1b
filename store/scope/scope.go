// Package scope has the extensions and DIDs that a limited administrator can see
// and change.
package scope

// Scope is a set of extensions and DIDs that an actor can see and change. The zero
// value contains nothing. A Scope never changes.
type Scope struct {
	granted          bool
	extensions, dids Ranges
}

// All returns the scope of every extension and DID.
func All() Scope { return Scope{granted: true} }

// Limited returns the scope of these extensions and DIDs. Empty ranges mean all
// numbers.
func Limited(extensions, dids Ranges) Scope {
	return Scope{granted: true, extensions: extensions, dids: dids}
}

// AllExtensions reports whether every extension is in scope.
func (s Scope) AllExtensions() bool { return s.granted && s.extensions.IsUnrestricted() }

// IsEmpty reports whether nothing is in scope, as for the zero value.
func (s Scope) IsEmpty() bool { return !s.granted }

// IsUnrestricted reports whether every extension and every DID is in scope.
func (s Scope) IsUnrestricted() bool { return s.AllExtensions() && s.dids.IsUnrestricted() }

// HasExtension reports whether an extension is in scope. It allocates nothing.
func (s Scope) HasExtension(number string) bool { return s.granted && s.extensions.Contains(number) }

// HasDID reports whether a DID is in scope. It allocates nothing.
func (s Scope) HasDID(number string) bool { return s.granted && s.dids.Contains(number) }

// Covers reports whether s contains everything that other contains.
func (s Scope) Covers(other Scope) bool {
	if !other.granted {
		return true
	}
	return s.granted && s.extensions.Covers(other.extensions) && s.dids.Covers(other.dids)
}
