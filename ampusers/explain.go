package ampusers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// ResourceKind is the kind of a resource in [Administrator.Explain].
type ResourceKind string

// The kinds of resources.
const (
	ResourceSection   ResourceKind = "section"
	ResourceExtension ResourceKind = "extension"
	ResourceDID       ResourceKind = "did"
	ResourceTeam      ResourceKind = "team"
)

// Explanation tells whether access is allowed, and why.
type Explanation struct {
	Allowed bool `json:"allowed"`
	// Code is stable, for programs: "full", "listed", "not_listed", "unrestricted"
	// or "disabled".
	Code string `json:"code"`
	// Reason is one sentence of text.
	Reason string `json:"reason"`
}

// Explain returns whether the administrator can access a resource, and why. It always
// agrees with the Can methods. A resource of an unknown kind is not listed.
func (a *Administrator) Explain(resource ResourceKind, key string) Explanation {
	switch {
	case a.Disabled:
		return Explanation{false, "disabled", "The administrator is disabled."}
	case a.Access == Full:
		return Explanation{true, "full", "The administrator has full access."}
	}
	name, unrestricted, listed := a.resourceAccess(resource, key)
	switch {
	case unrestricted:
		return Explanation{true, "unrestricted", "The administrator is not restricted to certain " + name + "s."}
	case listed:
		return Explanation{true, "listed", "The administrator has limited access, and this " + name + " is listed."}
	}
	return Explanation{false, "not_listed", "The administrator has limited access, and this " + name + " is not listed."}
}

// ResourceExplanation is the explanation of one resource, see
// [Administrator.ExplainQueries].
type ResourceExplanation struct {
	Subject ResourceKind `json:"subject"`
	Key     string       `json:"key"`
	Explanation
}

// ExplainQueries explains resources that are written as KIND:KEY, such as section:users
// or extension:1001. It returns a [store.InvalidError] on explain[2] if the third one is
// not.
func (a *Administrator) ExplainQueries(queries ...string) ([]ResourceExplanation, error) {
	kinds := []ResourceKind{ResourceSection, ResourceExtension, ResourceDID, ResourceTeam}
	var explained []ResourceExplanation
	for i, query := range queries {
		subject, key, ok := strings.Cut(query, ":")
		resource := ResourceKind(subject)
		if !ok || !slices.Contains(kinds, resource) {
			return nil, store.NewInvalidError(store.FieldError{
				Field: fmt.Sprintf("explain[%d]", i), Code: store.CodeSyntax, Message: "write section:ID, extension:NUMBER, did:NUMBER or team:NAME",
			})
		}
		explained = append(explained, ResourceExplanation{resource, key, a.Explain(resource, key)})
	}
	return explained, nil
}

// resourceAccess returns the name of the kind, whether the administrator is
// unrestricted because the list is empty, and whether key is on the list.
func (a *Administrator) resourceAccess(resource ResourceKind, key string) (name string, unrestricted, listed bool) {
	switch resource {
	case ResourceSection:
		return "section", false, slices.Contains(a.Sections, key)
	case ResourceExtension:
		return "extension", a.Extensions.IsUnrestricted(), a.Extensions.Contains(key)
	case ResourceDID:
		return "DID", a.DIDs.IsUnrestricted(), a.DIDs.Contains(key)
	case ResourceTeam:
		return "team", len(a.Teams) == 0, a.hasTeam(key)
	}
	return "resource", false, false
}
