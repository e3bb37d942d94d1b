package permission

import "strings"

// loginSuffix is the end of the ID of a permission to log in to a service.
const loginSuffix = ".login"

// LoginServices returns the names of the services that users can log in to: the IDs of
// the switches that end in ".login", without this end.
func LoginServices(permissions []Permission) []string {
	services := []string{}
	for _, p := range permissions {
		if service, ok := strings.CutSuffix(p.ID, loginSuffix); ok && p.Kind == KindBool {
			services = append(services, service)
		}
	}
	return services
}

// LoginID returns the ID of the permission to log in to a service.
func LoginID(service string) string { return service + loginSuffix }
