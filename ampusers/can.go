package ampusers

import (
	"slices"

	"github.com/pbxusers/pbxusers/store/scope"
)

// Can reports whether the administrator may see and change a section.
func (a *Administrator) Can(section string) bool {
	return !a.Disabled && (a.Access == Full || slices.Contains(a.Sections, section))
}

// Allows reports whether the administrator may use a section for an extension of
// the default team. For another team, combine [Administrator.Can] with the
// [Administrator.Scope] of that team.
func (a *Administrator) Allows(section, extension string) bool {
	return a.Can(section) && a.Scope("").HasExtension(extension)
}

// CanExtension reports whether the administrator may see and change what
// belongs to an extension.
func (a *Administrator) CanExtension(number string) bool { return a.scope().HasExtension(number) }

// CanDID reports whether the administrator may see and change what belongs to
// a DID.
func (a *Administrator) CanDID(number string) bool { return a.scope().HasDID(number) }

// Scope returns the extensions and DIDs of a team that the administrator may see
// and change; "" is the default team.
func (a *Administrator) Scope(team string) scope.Scope {
	if !a.CanTeam(team) {
		return scope.Scope{}
	}
	return a.scope()
}

// scope is [Administrator.Scope] without regard to teams.
func (a *Administrator) scope() scope.Scope {
	switch {
	case a.Disabled:
		return scope.Scope{}
	case a.Access == Full:
		return scope.All()
	}
	return scope.Limited(a.Extensions, a.DIDs)
}

// CanTeam reports whether the administrator may see and change a team; "" is
// the default one.
func (a *Administrator) CanTeam(team string) bool {
	return !a.Disabled && (a.Access == Full || len(a.Teams) == 0 || a.hasTeam(team))
}

// hasTeam relies on the order of Teams: there may be many.
func (a *Administrator) hasTeam(team string) bool {
	_, found := slices.BinarySearch(a.Teams, team)
	return found
}

// Covers reports whether a may do everything that other may: only then may a
// make, change or remove other. That other is disabled does not matter: it
// could be enabled again. A disabled a grants nobody.
func (a *Administrator) Covers(other *Administrator) bool {
	switch {
	case a.Disabled:
		return false
	case a.Access == Full:
		return true
	case other.Access == Full:
		return false
	}
	for _, section := range other.Sections {
		if !slices.Contains(a.Sections, section) {
			return false
		}
	}
	return a.scope().Covers(scope.Limited(other.Extensions, other.DIDs)) && a.coversTeams(other)
}

func (a *Administrator) coversTeams(other *Administrator) bool {
	if len(a.Teams) == 0 || len(other.Teams) == 0 {
		return len(a.Teams) == 0
	}
	return !slices.ContainsFunc(other.Teams, func(team string) bool { return !a.hasTeam(team) })
}
