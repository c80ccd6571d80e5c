// Package revision keeps the electoral lists by revisions ("revisioni delle liste
// elettorali", D.P.R. 223/1967, art. 4-16, 32-33): the semestral one, the two
// rounds of the dynamic ordinary one, and the extraordinary one before a vote.
package revision
