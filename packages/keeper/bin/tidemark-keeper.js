#!/usr/bin/env node
// npm links a command when it installs, before anything is compiled: so the command is a file of its own.
import '../dist/cli.js'
