package web

// Routes returns method, path and section of all pages and acts that need
// somebody to be logged in, for the tests outside.
func Routes() [][3]string {
	var all [][3]string
	for _, rt := range routes() {
		if !rt.open {
			all = append(all, [3]string{rt.method, rt.path, rt.section})
		}
	}
	return all
}

// Pages returns the patterns of all that can be got, also by those who have not
// logged in, for the tests outside.
func Pages() []string {
	var all []string
	for _, rt := range routes() {
		if rt.method == "GET" {
			all = append(all, rt.path)
		}
	}
	return all
}
