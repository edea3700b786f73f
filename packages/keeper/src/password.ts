/**
 * Where the password of the rooms comes from: a file, as secrets are mounted into services, or the environment.
 * A mistake in it must not lead to a keeper that goes without.
 */
import { readFile } from 'node:fs/promises'

/** @throws an Error whose message is meant for whoever typed the command. */
export async function readPassword(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { TIDEMARK_PASSWORD: given } = environment
  if (file === undefined) {
    if (given === '') throw new Error('TIDEMARK_PASSWORD is empty: set it to the password, or unset it')
    return given
  }
  if (given !== undefined) {
    throw new Error('which password? Give --password-file FILE or TIDEMARK_PASSWORD, not both')
  }
  const content = await readFile(file, 'utf8').catch((fault: unknown) => {
    throw new Error(`the password can not be read: ${fault instanceof Error ? fault.message : String(fault)}`)
  })
  // Editors and `echo` end a line; that is no part of the password.
  const password = content.replace(/\r?\n$/, '')
  if (password === '') throw new Error(`${file} is empty: it should hold the password`)
  if (/[\r\n]/.test(password)) throw new Error(`${file} has several lines: it should hold the password alone`)
  return password
}
