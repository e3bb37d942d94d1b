package web

import "github.com/pbxusers/pbxusers/examples/internal/app"

// Routes returns method, path and section of all routes that need a login.
func Routes() [][3]string {
	var all [][3]string
	for _, rt := range (&pages{site: &app.App{}}).routes() {
		if !rt.open {
			all = append(all, [3]string{rt.method, rt.path, rt.section})
		}
	}
	return all
}

// Pages returns the patterns of all pages, also those without a login.
func Pages() []string {
	var all []string
	for _, rt := range (&pages{site: &app.App{}}).routes() {
		if rt.method == "GET" {
			all = append(all, rt.path)
		}
	}
	return all
}
