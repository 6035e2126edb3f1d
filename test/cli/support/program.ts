import type { Command } from 'commander';

/** The commands that do something, however deep: `failures list`, not `failures`; `enrich` and all below. */
export function leavesOf(command: Command): Command[] {
  return command.commands.flatMap((child) => {
    const doesSomething = child.commands.length === 0 || child.registeredArguments.length > 0;
    return [...(doesSomething ? [child] : []), ...leavesOf(child)];
  });
}

/** `failures list` */
export function pathOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}
