package web

import (
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

// allRoutes returns the routes of a server without records.
func allRoutes() []route {
	users := userman.New(memstore.New().Users(""), nil)
	return (&pages{site: &app.App{Users: users}}).routes()
}

// Routes returns method, path and section of all routes that need a login.
func Routes() [][3]string {
	var all [][3]string
	for _, rt := range allRoutes() {
		if !rt.open {
			all = append(all, [3]string{rt.method, rt.path, rt.section})
		}
	}
	return all
}

// Patterns returns method and path of all pages and actions, also those without a
// login.
func Patterns() []string {
	var all []string
	for _, rt := range allRoutes() {
		all = append(all, rt.method+" "+rt.path)
	}
	return all
}

// Pages returns the patterns of all pages, also those without a login.
func Pages() []string {
	var all []string
	for _, rt := range allRoutes() {
		if rt.method == "GET" {
			all = append(all, rt.path)
		}
	}
	return all
}
