// Package memory keeps electoral lists and persons in memory: a [Store] and a
// [Population] for tests and for programs that load what they need. Nothing
// survives the process.
package memory
