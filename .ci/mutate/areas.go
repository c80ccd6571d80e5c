package main

// An area is a part of the SDK that is mutated, with the packages whose tests
// answer for it.
type area struct {
	name    string
	sources []string // globs of Go files, from the root of the module
	tests   []string // folders of packages; one that does not exist yet is passed over
}

// areas is the table of what is mutated. When a package is divided or renamed,
// this is the only place to change.
func areas() []area {
	electoral := []string{
		"electoral", "electoral/rules", "electoral/registry", "electoral/memory", "electoral/sqlstore",
		"electoral/lists", "electoral/anprxml", "certificate",
	}
	return []area{
		{
			name:    "rules",
			sources: []string{"electoral/rules/*.go", "electoral/fiscalcode.go"},
			tests:   electoral,
		},
		{
			// Who may do what, and that a request asked twice has one effect.
			name: "registry",
			sources: []string{
				"electoral/registry/*.go", "electoral/access.go",
			},
			tests: electoral,
		},
		{
			// Whom a revision of the lists proposes, and that each line is done once.
			name:    "lists",
			sources: []string{"electoral/revision/*.go"},
			tests:   []string{"electoral/revision", "electoral"},
		},
		{
			name:    "seal",
			sources: []string{"seal/*.go", "seal/qualified/*.go"},
			tests:   []string{"seal", "seal/qualified", "seal/sealtest", "verify"},
		},
		{
			name: "revisions",
			sources: []string{
				"verify/revisions.go", "verify/fill.go", "verify/forms.go", "verify/policy.go",
			},
			tests: []string{"verify"},
		},
		{
			name:    "chain",
			sources: []string{"audit/*.go"},
			tests:   []string{"audit", "audit/filestore", "audit/sqlstore", "audit/recorder", "verify"},
		},
	}
}
